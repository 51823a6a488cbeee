//! Limits of a component other than memory and time.

use bytesize::ByteSize;
use solti_metrics_host::limits::Limits;

/// Limits of a component other than memory and time. An unset limit has the default of
/// [`Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ComponentLimits {
    /// Maximum elements of all tables together: at most [`MOST_TABLE_ELEMENTS`].
    pub table_elements: Option<u32>,
    /// Maximum number of tables.
    pub tables: Option<u32>,
    /// Maximum number of linear memories. Each reserves 4 GiB of address space.
    pub memories: Option<u32>,
    /// Maximum number of core module instances.
    pub instances: Option<u32>,
    /// Maximum number of open handles: files, streams and the component's own resources.
    pub handles: Option<u32>,
    /// Maximum number of open file descriptors: directories, files and sockets.
    pub descriptors: Option<u32>,
    /// Maximum number of open file streams and directory listings.
    pub streams: Option<u32>,
    /// Maximum random bytes for each call.
    pub random: Option<ByteSize>,
    /// Maximum bytes that the host copies for each call.
    pub host_call_data: Option<ByteSize>,
}

/// Maximum value of the limit on table elements: 80 MB.
pub const MOST_TABLE_ELEMENTS: u32 = 10_000_000;

impl ComponentLimits {
    /// Applies the limits that are set.
    pub fn put(&self, limits: &mut Limits) {
        let size = |size: ByteSize| usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
        let put = |limit: &mut usize, given: Option<usize>| *limit = given.unwrap_or(*limit);
        let count = |given: Option<u32>| given.map(|count| count as usize);
        put(&mut limits.table_elements, count(self.table_elements));
        put(&mut limits.tables, count(self.tables));
        put(&mut limits.memories, count(self.memories));
        put(&mut limits.instances, count(self.instances));
        put(&mut limits.handles, count(self.handles));
        put(&mut limits.descriptors, count(self.descriptors));
        put(&mut limits.streams, count(self.streams));
        put(&mut limits.host_call_data, self.host_call_data.map(size));
        limits.random = self.random.map_or(limits.random, |size| size.as_u64());
    }
}
