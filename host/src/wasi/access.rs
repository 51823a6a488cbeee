use wasmtime_wasi::FsPerms;

/// Access of a guest to a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// Read files and list directories.
    #[default]
    ReadOnly,
    /// Also change, create and remove files.
    ReadWrite,
}

impl Access {
    pub(crate) const fn perms(self) -> FsPerms {
        match self {
            Self::ReadOnly => FsPerms::ReadOnly,
            Self::ReadWrite => FsPerms::ReadWrite,
        }
    }
}
