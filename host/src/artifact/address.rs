//! Names of code in the compilation cache.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, ErrorKind, Read};

use wasmtime::Engine;

/// Format of files with code. Another format has another number, and another address for the same
/// code.
pub(super) const FORMAT: u32 = 4;

/// Bytes that are read before they are hashed: a piece that stays in the processor's cache.
pub(super) const PIECE: usize = 256 << 10;

/// Form in which a component was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    /// The component itself.
    Plain,
    /// The component composed with the shim.
    #[cfg(feature = "runner")]
    WithShim,
}

impl CodeKind {
    pub(crate) const fn as_label(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            #[cfg(feature = "runner")]
            Self::WithShim => "with-shim",
        }
    }

    pub(super) fn of_label(label: &str) -> Option<Self> {
        match label {
            "plain" => Some(Self::Plain),
            #[cfg(feature = "runner")]
            "with-shim" => Some(Self::WithShim),
            _ => None,
        }
    }

    /// Parts of this crate that are compiled into the code, in addition to the component.
    fn ingredients(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            #[cfg(feature = "runner")]
            Self::WithShim => &[
                include_str!("../inline/shim.wat"),
                include_str!("../inline/append.wat"),
                crate::inline::LAYOUT,
                crate::inline::INTRINSICS,
                crate::inline::RING,
            ],
        }
    }
}

/// Digest of bytes, or of the inputs of code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest(pub(super) [u8; 32]);

impl Digest {
    /// Digest of no engine.
    pub(super) const NONE: Self = Self([0; 32]);

    /// Digest of a component's bytes.
    pub(super) fn of_component(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Digest of a component from a reader, without the whole component in memory.
    pub(super) fn of_reader(mut component: impl Read) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        let mut piece = vec![0; PIECE];
        loop {
            match component.read(&mut piece) {
                Ok(0) => return Ok(Self(*hasher.finalize().as_bytes())),
                Ok(length) => hasher.update(&piece[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
        }
    }

    /// Digest of all properties of an engine on which its code depends: wasmtime's version, its
    /// settings, and the features of the machine.
    pub(super) fn of_engine(engine: &Engine) -> Self {
        let mut hasher = EngineHasher(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(*hasher.0.finalize().as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Name of code: a digest of all its inputs. Code under the same name is the same, in any process
/// that compiled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Address(pub(super) Digest);

impl Address {
    pub(super) fn new(engine: Digest, kind: CodeKind, component: Digest) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        // A host with another format does not find the file, which it could not read.
        let format = FORMAT.to_le_bytes();
        let mut parts = vec![version.as_bytes(), &format, kind.as_label().as_bytes()];
        parts.extend(kind.ingredients().iter().map(|it| it.as_bytes()));
        parts.extend([&engine.0[..], &component.0]);
        Self::of_parts(&parts)
    }

    fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("solti-metrics: the address of code");
        for part in parts {
            // The length prevents that two lists of parts are the same bytes.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(Digest(*hasher.finalize().as_bytes()))
    }
}

/// Hashes with a function whose result is the same in every process, and which is resistant to
/// collisions.
struct EngineHasher(blake3::Hasher);

impl Hasher for EngineHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *self.0.finalize().as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineSettings;

    #[test]
    fn whatever_code_depends_on_changes_its_address() -> wasmtime::Result<()> {
        let engine = Digest::of_engine(&EngineSettings::default().engine()?);
        let other_engine = Digest::of_engine(&Engine::default());
        #[cfg(feature = "runner")]
        let asynchronous = EngineSettings {
            asynchronous: true,
            ..EngineSettings::default()
        };
        let fueled = EngineSettings {
            fuel: true,
            ..EngineSettings::default()
        };
        let called = EngineSettings {
            inlining: false,
            ..EngineSettings::default()
        };
        let component = Digest::of_component(b"one");
        assert_eq!(Digest::of_reader(&b"one"[..])?, component);
        let address = Address::new(engine, CodeKind::Plain, component);
        assert_eq!(address, Address::new(engine, CodeKind::Plain, component));
        let mut others = vec![
            Address::new(other_engine, CodeKind::Plain, component),
            Address::new(engine, CodeKind::Plain, Digest::of_component(b"two")),
            Address::new(
                Digest::of_engine(&fueled.engine()?),
                CodeKind::Plain,
                component,
            ),
            Address::new(
                Digest::of_engine(&called.engine()?),
                CodeKind::Plain,
                component,
            ),
        ];
        #[cfg(feature = "runner")]
        others.extend([
            Address::new(engine, CodeKind::WithShim, component),
            Address::new(
                Digest::of_engine(&asynchronous.engine()?),
                CodeKind::Plain,
                component,
            ),
        ]);
        assert!(!others.contains(&address));
        Ok(())
    }

    /// The parts are version, kind, the shim's text, layout and imports, engine and component.
    #[test]
    fn no_two_lists_of_parts_have_the_same_address() {
        let parts: [&[u8]; 4] = [b"0.1.0", b"with-shim", b"(component)", b"at 0"];
        let address = Address::of_parts(&parts);
        for changed in 0..parts.len() {
            let mut other = parts;
            other[changed] = b"other";
            assert_ne!(Address::of_parts(&other), address, "{changed}");
        }
        let moved: [&[u8]; 4] = [b"0.1.0w", b"ith-shim", b"(component)", b"at 0"];
        assert_ne!(Address::of_parts(&moved), address);
    }

    #[test]
    fn engines_of_the_same_settings_have_the_same_digest() -> wasmtime::Result<()> {
        let settings = EngineSettings::default();
        let (one, other) = (settings.engine()?, settings.engine()?);
        assert_eq!(Digest::of_engine(&one), Digest::of_engine(&other));
        Ok(())
    }
}
