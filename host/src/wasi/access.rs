use wasmtime_wasi::FsPerms;

/// What a guest may do in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// Look and read.
    #[default]
    ReadOnly,
    /// Change, create and remove as well.
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
