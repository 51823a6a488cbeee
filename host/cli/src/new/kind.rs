use clap::ValueEnum;

/// What a component is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Records what it does.
    Guest,
    /// Receives records, and keeps what they come to.
    Provider,
    /// Receives records, and passes them on.
    Middleware,
}

impl Role {
    /// Also that of its world.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Provider => "provider",
            Self::Middleware => "middleware",
        }
    }
}

/// What a component is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With cargo.
    Rust,
    /// With componentize-py.
    Python,
    /// With componentize-qjs; the engine is QuickJS.
    Js,
    /// With zig's clang, or another.
    C,
    /// With zig's clang, or another.
    Cpp,
    /// With the standard compiler.
    Go,
    /// With zig.
    Zig,
}

impl Language {
    /// The folder of its templates.
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

    /// Whether a guest's main is an export in its world. Else it is the compiler's, or
    /// the adapter's.
    pub(crate) fn exports_main(self) -> bool {
        matches!(self, Self::Python | Self::Js | Self::Go)
    }

    /// The adapter that makes a component of what its compiler makes for the first
    /// version of WASI, if it does.
    pub(crate) fn adapter(self, role: Role) -> Option<Adapter> {
        match (self, role) {
            (Self::Rust | Self::Python | Self::Js, _) => None,
            (Self::C | Self::Cpp | Self::Zig, Role::Guest) => Some(Adapter::Command),
            // Go's runtime has to begin before anything is asked of it.
            (Self::C | Self::Cpp | Self::Zig | Self::Go, _) => Some(Adapter::Reactor),
        }
    }
}

/// For what has a main, and for what others call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    Command,
    Reactor,
}
