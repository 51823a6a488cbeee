use solti_metrics_host::component::{Interface, NetworkGrant};

/// The options that make this import of a task useful; `None` where it needs none, and
/// where this host does not know it.
pub(super) fn for_task(import: &Interface) -> Option<&'static str> {
    if !import.is_known() {
        return None;
    }
    match import.path() {
        "wasi:cli/environment" => Some("--env K=V, and arguments behind --"),
        "wasi:cli/stdin" => Some("--stdin FILE"),
        path if path.starts_with("wasi:filesystem/") => Some("--dir HOST[::GUEST][:rw]"),
        path if path.starts_with("wasi:sockets/") => Some("none: the network stays closed"),
        _ => None,
    }
}

/// The same for a component that receives records.
pub(super) fn for_backend(import: &Interface) -> Option<&'static str> {
    match import.path() {
        "wasi:cli/environment" => Some("--grant env=NAME=VALUE"),
        "wasi:cli/stdout" | "wasi:cli/stderr" => Some("--grant output"),
        path if path.starts_with("wasi:filesystem/") => Some("--grant dir=HOST[::GUEST][:rw]"),
        path if path.starts_with("wasi:sockets/") => Some(for_network(NetworkGrant::Socket)),
        path if path.starts_with("wasi:http/") => Some(for_network(NetworkGrant::Http)),
        _ => None,
    }
}

/// The options that grant something of the network.
pub(crate) const fn for_network(grant: NetworkGrant) -> &'static str {
    match grant {
        NetworkGrant::Socket => "--grant tcp=ADDRESS or udp=ADDRESS",
        NetworkGrant::Http => "--grant http=HOST[:PORT]",
        _ => "--grant",
    }
}
