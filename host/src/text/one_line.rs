use super::printable;

/// An error with its causes, the outermost first.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    let causes: Vec<_> = error
        .chain()
        .map(|cause| printable(&cause.to_string()))
        .collect();
    causes.join(": ")
}
