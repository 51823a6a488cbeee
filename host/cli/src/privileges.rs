//! Privileges that no command needs, dropped at the start of the process.

use rustix::thread::set_no_new_privs;

/// Prevents this process from gaining privileges by executing a file with a set-user-ID bit
/// or with capabilities. Threads and compiler processes inherit the restriction, so it is
/// set before the first thread starts.
pub(crate) fn drop_new_privileges() {
    // A kernel or a filter that refuses the call leaves the process as it was. The process
    // executes only its own program, so it starts nevertheless.
    let _ = set_no_new_privs(true);
}
