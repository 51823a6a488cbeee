//! Roles and languages of the projects that `new` creates.

use clap::ValueEnum;

/// Role of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProjectRole {
    /// Makes records.
    Guest,
    /// Receives records and keeps totals.
    Provider,
    /// Receives records and passes them on.
    Middleware,
}

impl ProjectRole {
    /// Name of the role, and of its world.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Provider => "provider",
            Self::Middleware => "middleware",
        }
    }
}

/// Programming language of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With cargo.
    Rust,
    /// With componentize-py.
    Python,
    /// With componentize-qjs; the engine is QuickJS.
    Js,
    /// With clang, by default zig's.
    C,
    /// With clang, by default zig's.
    Cpp,
    /// With the standard Go compiler.
    Go,
    /// With zig.
    Zig,
}

impl Language {
    /// Folder of the templates.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Js => "js",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Go => "go",
            Self::Zig => "zig",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Js => "JavaScript",
            Self::C => "C",
            Self::Cpp => "C++",
            Self::Go => "Go",
            Self::Zig => "Zig",
        }
    }

    /// Whether the world of a guest exports its main. In other languages, the compiler or
    /// the adapter exports it.
    pub(crate) fn exports_main(self) -> bool {
        matches!(self, Self::Python | Self::Js | Self::Go)
    }

    /// Adapter for a compiler that makes modules for WASI 0.1. `None` for other compilers.
    pub(crate) fn adapter(self, role: ProjectRole) -> Option<Adapter> {
        match (self, role) {
            (Self::Rust | Self::Python | Self::Js, _) => None,
            (Self::C | Self::Cpp | Self::Zig, ProjectRole::Guest) => Some(Adapter::Command),
            // The runtime of Go must start before the first call.
            (Self::C | Self::Cpp | Self::Zig | Self::Go, _) => Some(Adapter::Reactor),
        }
    }
}

/// Adapter of a module: with a main, or with functions that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    Command,
    Reactor,
}
