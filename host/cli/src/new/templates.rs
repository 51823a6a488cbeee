//! Templates of projects, compiled into the command.

/// Pairs of a path and the bytes of the file.
macro_rules! templates {
    ($($path:literal,)*) => {
        &[$(($path, include_bytes!(concat!("../../templates/", $path))),)*]
    };
}

/// Templates by their path in `templates/`: a folder for each role, and a folder for each
/// language with subfolders for roles.
pub(crate) const TEMPLATES: &[(&str, &[u8])] = templates![
    "guest/Makefile",
    "guest/README.md",
    "guest/wit/world.wit",
    "provider/Makefile",
    "provider/README.md",
    "provider/wit/world.wit",
    "middleware/Makefile",
    "middleware/README.md",
    "middleware/wit/world.wit",
    "rust/Makefile",
    "rust/README.md",
    "rust/_gitignore",
    "rust/guest/Makefile",
    "rust/guest/_Cargo.toml",
    "rust/guest/src/bindings.rs",
    "rust/guest/src/main.rs",
    "rust/middleware/Makefile",
    "rust/middleware/_Cargo.toml",
    "rust/middleware/src/bindings.rs",
    "rust/middleware/src/lib.rs",
    "rust/provider/Makefile",
    "rust/provider/_Cargo.toml",
    "rust/provider/src/bindings.rs",
    "rust/provider/src/lib.rs",
    "rust-sdk/Makefile",
    "rust-sdk/README.md",
    "rust-sdk/_gitignore",
    "rust-sdk/guest/Makefile",
    "rust-sdk/guest/_Cargo.toml",
    "rust-sdk/guest/src/main.rs",
    "rust-sdk/middleware/Makefile",
    "rust-sdk/middleware/_Cargo.toml",
    "rust-sdk/middleware/src/lib.rs",
    "rust-sdk/provider/Makefile",
    "rust-sdk/provider/_Cargo.toml",
    "rust-sdk/provider/src/lib.rs",
    "python/Makefile",
    "python/README.md",
    "python/_gitignore",
    "python/guest/Makefile",
    "python/guest/guest.py",
    "python/guest/wit/world.wit",
    "python/middleware/Makefile",
    "python/middleware/middleware.py",
    "python/provider/Makefile",
    "python/provider/provider.py",
    "python/requirements.txt",
    "js/Makefile",
    "js/README.md",
    "js/_gitignore",
    "js/guest/Makefile",
    "js/guest/guest.js",
    "js/guest/wit/world.wit",
    "js/middleware/Makefile",
    "js/middleware/middleware.js",
    "js/package-lock.json",
    "js/package.json",
    "js/provider/Makefile",
    "js/provider/provider.js",
    "c/Makefile",
    "c/README.md",
    "c/_gitignore",
    "c/guest/Makefile",
    "c/guest/bindings/guest.c",
    "c/guest/bindings/guest.h",
    "c/guest/bindings/guest_component_type.o",
    "c/guest/guest.c",
    "c/middleware/Makefile",
    "c/middleware/bindings/middleware.c",
    "c/middleware/bindings/middleware.h",
    "c/middleware/bindings/middleware_component_type.o",
    "c/middleware/middleware.c",
    "c/provider/Makefile",
    "c/provider/bindings/provider.c",
    "c/provider/bindings/provider.h",
    "c/provider/bindings/provider_component_type.o",
    "c/provider/provider.c",
    "cpp/Makefile",
    "cpp/README.md",
    "cpp/_gitignore",
    "cpp/guest/Makefile",
    "cpp/guest/bindings/guest.c",
    "cpp/guest/bindings/guest.h",
    "cpp/guest/bindings/guest_component_type.o",
    "cpp/guest/guest.cpp",
    "cpp/middleware/Makefile",
    "cpp/middleware/bindings/middleware.c",
    "cpp/middleware/bindings/middleware.h",
    "cpp/middleware/bindings/middleware_component_type.o",
    "cpp/middleware/middleware.cpp",
    "cpp/provider/Makefile",
    "cpp/provider/bindings/provider.c",
    "cpp/provider/bindings/provider.h",
    "cpp/provider/bindings/provider_component_type.o",
    "cpp/provider/provider.cpp",
    "go/Makefile",
    "go/README.md",
    "go/_gitignore",
    "go/adapter.go",
    "go/go.mod",
    "go/guest/Makefile",
    "go/guest/guest.go",
    "go/guest/wit/world.wit",
    "go/middleware/Makefile",
    "go/middleware/middleware.go",
    "go/provider/Makefile",
    "go/provider/provider.go",
    "go/types.go",
    "zig/Makefile",
    "zig/README.md",
    "zig/_gitignore",
    "zig/guest/Makefile",
    "zig/guest/guest.zig",
    "zig/metrics.zig",
    "zig/middleware/Makefile",
    "zig/middleware/middleware.zig",
    "zig/provider/Makefile",
    "zig/provider/provider.zig",
];

/// WIT files of WASI, for guests that import WASI like any other interface.
pub(crate) const WASI: [(&str, &str); 3] = [
    ("cli.wit", include_str!("../../templates/wasi/cli.wit")),
    (
        "clocks.wit",
        include_str!("../../templates/wasi/clocks.wit"),
    ),
    ("io.wit", include_str!("../../templates/wasi/io.wit")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::{fs, io};

    use super::*;

    /// An unlisted template would be in no project.
    #[test]
    fn every_template_is_listed() -> io::Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let (mut found, mut folders) = (BTreeSet::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.strip_prefix(&root).map_err(io::Error::other)?;
                if name == Path::new("wasi") {
                    continue;
                } else if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(name.display().to_string());
                }
            }
        }
        let listed = TEMPLATES.iter().map(|(path, _)| (*path).to_owned());
        assert_eq!(found, listed.collect());
        Ok(())
    }
}
