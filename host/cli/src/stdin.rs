//! The standard input of this command, where several arguments may name it.

use std::path::Path;

use solti_metrics_host::file::is_standard_input;

/// Error text if more than one of these files is the standard input. The second reader
/// would find it empty.
pub(crate) fn named_twice<'a>(files: impl IntoIterator<Item = &'a Path>) -> Option<String> {
    let files = files.into_iter().filter(|it| is_standard_input(it));
    let names: Vec<_> = files.map(|it| it.display().to_string()).collect();
    match &*names {
        [first, second, ..] => Some(format!(
            "{first} and {second} are both standard input, which can be read only once; name a file for one of them"
        )),
        _ => None,
    }
}
