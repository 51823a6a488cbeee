//! Directories that a guest may access, and their text form `HOST[::GUEST][:rw]`.

use std::path::PathBuf;
use std::str::FromStr;

use solti_metrics_host::wasi::Access;

/// A directory that a guest may access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dir {
    /// The directory of the host.
    pub host: PathBuf,
    /// The path under which the guest sees it.
    pub guest: String,
    /// Whether the guest may write to it.
    pub access: Access,
}

impl FromStr for Dir {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, access) = match text.strip_suffix(":rw") {
            Some(path) => (path, Access::ReadWrite),
            None => (text, Access::ReadOnly),
        };
        let (host, guest) = path.split_once("::").unwrap_or((path, path));
        if host.is_empty() || guest.is_empty() {
            return Err("expected HOST or HOST::GUEST, optionally with :rw at the end");
        }
        Ok(Self {
            host: host.into(),
            guest: guest.into(),
            access,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_only_unless_said_otherwise() {
        for (text, host, guest, access) in [
            ("src", "src", "src", Access::ReadOnly),
            ("src:rw", "src", "src", Access::ReadWrite),
            ("/a/b::/src", "/a/b", "/src", Access::ReadOnly),
            ("/a:b::/src:rw", "/a:b", "/src", Access::ReadWrite),
        ] {
            let dir = text.parse::<Dir>();
            let expected = Dir {
                host: host.into(),
                guest: guest.into(),
                access,
            };
            assert_eq!(dir, Ok(expected), "{text}");
        }
        for text in ["", ":rw", "::/src", "src::"] {
            assert!(text.parse::<Dir>().is_err(), "{text}");
        }
    }
}
