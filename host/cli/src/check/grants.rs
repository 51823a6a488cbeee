use solti_metrics_host::component::{Interface, NetworkGrant};

/// Options of `run` that serve an import of a task. `None` if the import needs no option,
/// or if this host does not know the import.
pub(super) fn for_task(import: &Interface) -> Option<&'static str> {
    if !import.is_known() {
        return None;
    }
    match import.path() {
        "wasi:cli/environment" => Some("--env K=V, and arguments after --"),
        "wasi:cli/stdin" => Some("--stdin FILE"),
        path if path.starts_with("wasi:filesystem/") => Some("--dir HOST[::GUEST][:rw]"),
        path if path.starts_with("wasi:sockets/") => Some("none: tasks have no network access"),
        _ => None,
    }
}

/// Options of `run` that serve an import of a provider or middleware.
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

/// Options that grant network access.
pub(crate) const fn for_network(grant: NetworkGrant) -> &'static str {
    match grant {
        NetworkGrant::Socket => "--grant tcp=ADDRESS or udp=ADDRESS",
        NetworkGrant::Http => "--grant http=HOST[:PORT]",
        _ => "--grant",
    }
}
