//! Resources that the host has open for one store.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::sync::{Arc, OnceLock, Weak};

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::descriptors::{DescriptorAccount, DescriptorClaim, StreamClaim};
use crate::limits::{Limit, Limiter, Limits};

/// Data of a store whose guest has WASI.
pub(crate) trait Hosted: WasiView + 'static {
    /// Notes that the guest called a function of the host.
    fn called(&mut self) {}

    /// State for the functions of WASI.
    fn wasi_state(&mut self) -> WasiState<'_>;
}

/// State for the functions of WASI.
pub(crate) struct WasiState<'a> {
    pub(crate) view: WasiCtxView<'a>,
    pub(crate) holdings: &'a mut Holdings,
    pub(crate) limiter: &'a mut Limiter,
}

/// Counted resources that the host has open for one store.
#[derive(Debug)]
pub(crate) struct Holdings {
    descriptors: usize,
    streams: usize,
    /// Made with the first descriptor: most tasks open none.
    account: OnceLock<Arc<DescriptorAccount>>,
    /// Descriptors that are open before the guest starts.
    granted: Option<DescriptorClaim>,
    /// Descriptors of each resource of the guest.
    open: HashMap<u32, DescriptorClaim>,
    /// Files whose resource is gone, while a stream may still read or write them.
    lingering: Vec<(Weak<File>, DescriptorClaim)>,
}

/// Too few descriptors are free for the grants of a store.
#[derive(Debug)]
pub struct NoDescriptors {
    wanted: usize,
    limit: usize,
    own: usize,
}

impl fmt::Display for NoDescriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, limit, own } = self;
        write!(
            f,
            "the component needs {wanted} descriptors for its grants, and "
        )?;
        if wanted > own {
            write!(f, "its limit is {own}; raise the limit on descriptors")
        } else {
            write!(
                f,
                "too few are free of the {limit} for all guests of this process; raise the process's limit on open files (`ulimit -n`), or lower the concurrency"
            )
        }
    }
}

impl std::error::Error for NoDescriptors {}

impl Holdings {
    /// Holdings of a store whose grants need this number of descriptors.
    pub(crate) fn new(limits: &Limits, granted: usize) -> Result<Self, NoDescriptors> {
        let mut holdings = Self {
            descriptors: limits.descriptors,
            streams: limits.streams,
            account: OnceLock::new(),
            granted: None,
            open: HashMap::new(),
            lingering: Vec::new(),
        };
        if granted > 0 {
            holdings.granted = holdings.account().take(granted);
            if holdings.granted.is_none() {
                return Err(NoDescriptors {
                    wanted: granted,
                    limit: super::descriptor_use().limit,
                    own: limits.descriptors,
                });
            }
        }
        Ok(holdings)
    }

    fn account(&self) -> &Arc<DescriptorAccount> {
        self.account
            .get_or_init(|| DescriptorAccount::new(self.descriptors, self.streams))
    }

    fn take(&mut self, number: usize) -> Option<DescriptorClaim> {
        self.lingering.retain(|(file, _)| file.strong_count() > 0);
        self.account().take(number)
    }
}

impl WasiState<'_> {
    /// Takes this number of descriptors. A refusal counts as the cause if the guest fails before
    /// its next descriptor.
    pub(super) fn take_descriptors(&mut self, number: usize) -> Option<DescriptorClaim> {
        let claim = self.holdings.take(number);
        self.limiter
            .note(claim.is_none().then_some(Limit::Descriptors));
        claim
    }

    /// Takes a stream or a listing, with the buffers that the host has for it.
    pub(super) fn take_stream(&mut self) -> Option<StreamClaim> {
        let claim = self.holdings.account().take_stream();
        self.limiter.note(claim.is_none().then_some(Limit::Streams));
        claim
    }

    /// Keeps the claim until the resource is dropped.
    pub(super) fn belongs_to(&mut self, resource: u32, claim: DescriptorClaim) {
        self.holdings.open.insert(resource, claim);
    }

    /// Drops a file or a directory of the guest.
    pub(super) fn close(&mut self, resource: u32) -> wasmtime::Result<()> {
        let claim = self.holdings.open.remove(&resource);
        let resource = Resource::<Descriptor>::new_own(resource);
        let descriptor = self.view.table.delete(resource)?;
        if let (Some(claim), Descriptor::File(file)) = (claim, &descriptor)
            && Arc::strong_count(&file.file) > 1
        {
            let file = Arc::downgrade(&file.file);
            self.holdings.lingering.push((file, claim));
        }
        Ok(())
    }

    /// Releases the descriptors of another resource that the guest has dropped.
    #[cfg(feature = "provider")]
    pub(super) fn release(&mut self, resource: u32) {
        self.holdings.open.remove(&resource);
    }
}
