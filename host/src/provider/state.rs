//! The store of a provider: its data, linker and WASI context.

use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::Grants;
#[cfg(feature = "wasi-http")]
use super::http::GrantedHttp;
use crate::limits::{Limiter, Limits, bound};
use crate::wasi::{GuestOutput, Holdings, Hosted, WasiState, limit_files, limit_sockets};
use crate::{MetricsCtx, MetricsCtxView};

/// Data of a provider's store.
pub(super) struct ProviderState {
    wasi: WasiCtx,
    table: ResourceTable,
    limiter: Limiter,
    holdings: Holdings,
    /// Context of the next backend; only a middleware uses it.
    next: MetricsCtx,
    #[cfg(feature = "wasi-http")]
    http: GrantedHttp,
}

/// Functions that a provider may call. Functions that are not granted exist, and refuse.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<ProviderState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    limit_files(&mut linker)?;
    limit_sockets(&mut linker)?;
    #[cfg(feature = "wasi-http")]
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    crate::add_to_linker(&mut linker, |state: &mut ProviderState| MetricsCtxView {
        ctx: &mut state.next,
    })?;
    Ok(linker)
}

impl ProviderState {
    /// Makes a store for one instance, with every limit applied.
    pub(super) fn store(
        engine: &Engine,
        (wasi, holdings): (WasiCtx, Holdings),
        next: MetricsCtx,
        grants: &Grants,
        limits: &Limits,
    ) -> Store<Self> {
        #[cfg(not(feature = "wasi-http"))]
        let _ = grants;
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let state = Self {
            wasi,
            table,
            limiter: Limiter::new(limits),
            holdings,
            next,
            #[cfg(feature = "wasi-http")]
            http: GrantedHttp::new(&grants.http),
        };
        let mut store = Store::new(engine, state);
        bound(&mut store, limits, |state| &mut state.limiter);
        store
    }

    pub(super) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    pub(super) fn limiter_mut(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

#[cfg(feature = "wasi-http")]
impl wasmtime_wasi_http::WasiHttpView for ProviderState {
    fn http(&mut self) -> wasmtime_wasi_http::WasiHttpCtxView<'_> {
        self.http.view(&mut self.table)
    }
}

impl WasiView for ProviderState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Hosted for ProviderState {
    fn wasi_state(&mut self) -> WasiState<'_> {
        WasiState {
            view: WasiCtxView {
                ctx: &mut self.wasi,
                table: &mut self.table,
            },
            holdings: &mut self.holdings,
            limiter: &mut self.limiter,
        }
    }
}

/// WASI context of a provider: its grants, and a clock.
pub(super) fn wasi(
    name: &str,
    grants: &Grants,
    limits: &Limits,
    stdout: GuestOutput,
    stderr: GuestOutput,
) -> wasmtime::Result<(WasiCtx, Holdings)> {
    let holdings = Holdings::new(limits, grants.dirs.len())?;
    let mut wasi = WasiCtxBuilder::new();
    let (tcp, udp) = (grants.tcp.clone(), grants.udp.clone());
    wasi.arg(name)
        .envs(&grants.env)
        .stdout(stdout)
        .stderr(stderr)
        .max_random_size(limits.random)
        .allow_tcp(!tcp.is_empty())
        .allow_udp(!udp.is_empty())
        .allow_ip_name_lookup(false)
        .socket_addr_check(move |address, purpose| {
            let granted = match purpose {
                SocketAddrUse::TcpConnect => tcp.contains(&address),
                SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => udp.contains(&address),
                // A socket needs a local port to send, so any free port is allowed.
                SocketAddrUse::TcpBind | SocketAddrUse::UdpBind => address.port() == 0,
                _ => false,
            };
            Box::pin(std::future::ready(granted))
        });
    for (host, guest, access) in &grants.dirs {
        wasi.preopened_dir(host, guest, access.perms())
            .map_err(|error| error.context(host.display().to_string()))?;
    }
    Ok((wasi.build(), holdings))
}
