//! Sockets, which count as descriptors. Tasks have no sockets; backends have the sockets that they
//! are granted.

use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::{tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{SocketResult, TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::WasiSocketsView;

use super::descriptors::DescriptorClaim;
use super::holdings::Hosted;

type SocketAnswer<T> = wasmtime::Result<(Result<Resource<T>, ErrorCode>,)>;

/// Defines functions that make sockets within the limit on descriptors.
pub(crate) fn limit_sockets<T: Hosted>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.instance("wasi:sockets/tcp@0.2.12")?.resource(
        "tcp-socket",
        ResourceType::host::<TcpSocket>(),
        |mut store, resource| close::<TcpSocket>(store.data_mut(), resource),
    )?;
    linker.instance("wasi:sockets/udp@0.2.12")?.resource(
        "udp-socket",
        ResourceType::host::<UdpSocket>(),
        |mut store, resource| close::<UdpSocket>(store.data_mut(), resource),
    )?;
    linker
        .instance("wasi:sockets/tcp-create-socket@0.2.12")?
        .func_wrap(
            "create-tcp-socket",
            |mut store, (family,): (IpAddressFamily,)| {
                let data = store.data_mut();
                let Some(claim) = data.wasi_state().take_descriptors(1) else {
                    return Ok((Err(ErrorCode::NewSocketLimit),));
                };
                let made = tcp_create_socket::Host::create_tcp_socket(&mut data.sockets(), family);
                made_or_not(data, made, claim)
            },
        )?;
    linker
        .instance("wasi:sockets/udp-create-socket@0.2.12")?
        .func_wrap_async(
            "create-udp-socket",
            |mut store, (family,): (IpAddressFamily,)| {
                Box::new(async move {
                    let data = store.data_mut();
                    let Some(claim) = data.wasi_state().take_descriptors(1) else {
                        return Ok((Err(ErrorCode::NewSocketLimit),));
                    };
                    let mut sockets = data.sockets();
                    let made = udp_create_socket::Host::create_udp_socket(&mut sockets, family);
                    let made = made.await;
                    made_or_not(data, made, claim)
                })
            },
        )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn made_or_not<S>(
    data: &mut impl Hosted,
    made: SocketResult<Resource<S>>,
    claim: DescriptorClaim,
) -> SocketAnswer<S>
where
    S: 'static,
{
    match made {
        Ok(socket) => {
            data.wasi_state().belongs_to(socket.rep(), claim);
            Ok((Ok(socket),))
        }
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

fn close<S: Send + 'static>(data: &mut impl Hosted, resource: u32) -> wasmtime::Result<()> {
    data.called();
    let mut held = data.wasi_state();
    held.view.table.delete(Resource::<S>::new_own(resource))?;
    held.release(resource);
    Ok(())
}
