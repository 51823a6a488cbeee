//! Inspection of a component's imports, exports and costs.

use wasmparser::{BinaryReader, BinaryReaderError, Parser, Payload};

use super::file::SEALED;
use super::{Interface, LoadError, Role, UnknownInterface, asynchronous};
use crate::bounds::code_size::CodeSizes;
use crate::bounds::instance_data::{self, NoBound};
use crate::text::printable;

/// Maximum depth of components. Real components nest two or three deep; the time to compile grows
/// with the square of the depth.
const DEEPEST: u32 = 100;

/// Maximum number of names. Real components import and export some dozens, and each name is stored.
const MOST_NAMES: usize = 10_000;

/// Imports, exports and costs of a component, found without compiling it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Inspection {
    /// Imports of the component, by name, in its own order.
    pub imports: Vec<Interface>,
    /// Exports of the component, by name, in its own order.
    pub exports: Vec<Interface>,
    /// Reason why the component needs component-model async, such as `it has streams`. Names in it
    /// come from the component, and are made printable.
    pub needs_async: Option<String>,
    /// Maximum bytes that the host allocates for the data of the component's instances: globals,
    /// references to functions and the like, for each instance of each core module. Linear memories
    /// and table elements are excluded. All of them count towards
    /// [`Limits::memory`](crate::limits::Limits::memory).
    pub instance_data: u64,
    /// Number of functions in the bodies of its core modules.
    pub functions: u64,
    /// Bytes of these functions' bodies.
    pub code_size: u64,
    /// Maximum bytes that inlining adds to the functions. For each call of an imported function,
    /// these are the bytes of the largest function of another module, or of the shim. The calls of
    /// a component that is too large for inlining are not all counted.
    pub added_by_inlining: u64,
}

impl Inspection {
    /// Maximum number of functions of a component whose calls are [inlined](Self::is_inlined).
    ///
    /// A compiler that inlines holds all functions at once: about 45 KiB for each function, and 350
    /// bytes for each byte of code. With both maxima, it takes about as much memory as for a
    /// component of 18 MB with CPython without inlining, which is 350 MiB.
    pub const INLINED_FUNCTIONS: u64 = 2_000;

    /// Maximum bytes of functions of a component whose calls are [inlined](Self::is_inlined),
    /// including the bytes that inlining adds.
    pub const INLINED_CODE_SIZE: u64 = 512 << 10;

    /// Whether this host inlines calls between the core modules of the component when it compiles
    /// the component, which includes calls of the shim. Larger components are compiled function by
    /// function, as wasmtime does by default: with inlining, their compilation takes up to nine
    /// times the memory. A record of a larger component calls the shim, and costs a few
    /// nanoseconds more.
    #[must_use]
    pub fn is_inlined(&self) -> bool {
        let code_size = self.code_size.saturating_add(self.added_by_inlining);
        self.functions <= Self::INLINED_FUNCTIONS && code_size <= Self::INLINED_CODE_SIZE
    }

    /// Inspects the bytes of a component. `name` is its name in messages.
    ///
    /// # Errors
    ///
    /// When the bytes are not a component.
    pub fn of(name: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let name = || printable(name);
        if bytes.is_empty() {
            return Err(LoadError::Empty { name: name() });
        }
        if Parser::is_core_wasm(bytes) {
            return Err(LoadError::CoreModule { name: name() });
        }
        if !Parser::is_component(bytes) {
            return Err(LoadError::NotWasm {
                name: name(),
                looks_like: looks_like(bytes),
            });
        }
        let invalid = |reason: String| LoadError::Invalid {
            name: name(),
            reason: printable(&reason),
        };
        let mut inspection = Self::parse(bytes).map_err(|fault| match fault {
            InspectionFault::Invalid(reason) => invalid(reason),
            InspectionFault::Limit(what) => LoadError::FixedLimit { name: name(), what },
        })?;
        inspection.instance_data = instance_data::bound(bytes).map_err(|none| match none {
            NoBound::Invalid(error) => invalid(error.to_string()),
            NoBound::TooManySteps => LoadError::TooManyInstances {
                name: name(),
                steps: instance_data::MOST_STEPS,
            },
        })?;
        Ok(inspection)
    }

    fn parse(bytes: &[u8]) -> Result<Self, InspectionFault> {
        let said = |error: BinaryReaderError| error.to_string();
        let (mut imports, mut exports) = (Vec::new(), Vec::new());
        let mut asynchronous = None;
        let mut code = CodeSizes::new(Self::INLINED_FUNCTIONS, Self::INLINED_CODE_SIZE);
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(said)? {
                Payload::ModuleSection { .. } => {
                    depth += 1;
                    code.module();
                }
                Payload::ImportSection(section) => code.imports(section).map_err(said)?,
                Payload::ComponentSection { .. } => {
                    depth += 1;
                    if depth > DEEPEST {
                        let what = format!("its components nest more than {DEEPEST} deep");
                        return Err(InspectionFault::Limit(what));
                    }
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CodeSectionEntry(body) => code.function(&body).map_err(said)?,
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        imports.push(Interface::new(import.map_err(said)?.name.name));
                        not_too_many(&imports)?;
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        exports.push(Interface::new(export.map_err(said)?.name.name));
                        not_too_many(&exports)?;
                    }
                }
                Payload::ComponentTypeSection(section) => {
                    let range = section.range();
                    let types = bytes.get(range.clone()).unwrap_or_default();
                    let found = asynchronous::in_types(BinaryReader::new(types, range.start))?;
                    asynchronous = asynchronous.or(found);
                }
                Payload::ComponentCanonicalSection(section) => {
                    let found = asynchronous::in_functions(section)?;
                    asynchronous = asynchronous.or(found);
                }
                _ => {}
            }
        }
        // The name of a WASI interface explains more than the type of a function.
        let of_wasi = |verb: &str, interfaces: &[Interface]| {
            let first = interfaces.iter().find(|interface| interface.is_wasi_0_3());
            first.map(|interface| format!("it {verb} `{}`", printable(interface.name())))
        };
        let needs_async = of_wasi("imports", &imports)
            .or_else(|| of_wasi("exports", &exports))
            .or_else(|| asynchronous.map(Into::into));
        Ok(Self {
            imports,
            exports,
            needs_async,
            instance_data: 0,
            functions: code.functions(),
            code_size: code.bytes(),
            added_by_inlining: code.added_by_inlining(),
        })
    }

    /// Role of the component.
    #[must_use]
    pub fn role(&self) -> Role {
        let speaks = |interfaces: &[Interface]| {
            interfaces
                .iter()
                .any(|interface| interface.path() == "solti:metrics/backend")
        };
        match (speaks(&self.imports), speaks(&self.exports)) {
            (true, false) => Role::Guest,
            (false, true) => Role::Provider,
            (true, true) => Role::Middleware,
            (false, false) => Role::None,
        }
    }

    /// Version of `solti:metrics` against which the component is built.
    #[must_use]
    pub fn metrics_version(&self) -> Option<&str> {
        self.imports
            .iter()
            .chain(&self.exports)
            .find(|interface| interface.path() == "solti:metrics/backend")
            .and_then(Interface::version)
    }

    /// The export of this path (`solti:metrics/backend`) in a version that this host can call.
    #[must_use]
    pub fn exported(&self, path: &str) -> Option<&Interface> {
        self.exports
            .iter()
            .find(|export| export.path() == path && export.is_known_export())
    }

    /// Exports of the metrics package that this host cannot call: in another version, or of an
    /// unknown interface.
    pub fn wrong_metrics_exports(&self) -> impl Iterator<Item = &Interface> {
        self.exports.iter().filter(|export| {
            export.is_metrics()
                && export.path() != "solti:metrics/types"
                && !export.is_known_export()
        })
    }

    /// Whether the component has a `main`.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.exports.iter().any(Interface::is_main)
    }

    /// Imports of the metrics package that this host does not have: in another version, or of an
    /// unknown interface.
    pub fn wrong_metrics_versions(&self) -> impl Iterator<Item = &Interface> {
        self.imports
            .iter()
            .filter(|import| import.is_metrics() && !import.is_known())
    }

    /// Imports that this host does not know.
    pub fn unknown_imports(&self) -> impl Iterator<Item = &Interface> {
        self.imports
            .iter()
            .filter(|import| !import.is_metrics() && !import.is_known())
    }

    /// Checks whether this host can run the component, by the names of its imports and exports.
    ///
    /// # Errors
    ///
    /// The first reason why the host cannot run the component.
    pub fn runnable(&self, name: &str) -> Result<(), LoadError> {
        if let Some(import) = self.wrong_metrics_versions().next() {
            let unknown = UnknownInterface::imported(import);
            return Err(LoadError::wrong_metrics(name, import, unknown));
        }
        let name = printable(name);
        let imports: Vec<_> = self
            .unknown_imports()
            .map(|import| printable(import.name()))
            .collect();
        if !imports.is_empty() {
            return Err(LoadError::UnknownImports { name, imports });
        }
        if !self.is_program() {
            let role = self.role();
            return Err(LoadError::NotRunnable { name, role });
        }
        Ok(())
    }
}

/// Reason why a component cannot be inspected.
enum InspectionFault {
    Invalid(String),
    /// The component exceeds this fixed limit.
    Limit(String),
}

impl From<String> for InspectionFault {
    fn from(reason: String) -> Self {
        Self::Invalid(reason)
    }
}

fn not_too_many(names: &[Interface]) -> Result<(), InspectionFault> {
    match names.len() {
        ..=MOST_NAMES => Ok(()),
        _ => {
            let what = format!("it has more than {MOST_NAMES} imports or exports");
            Err(InspectionFault::Limit(what))
        }
    }
}

fn looks_like(bytes: &[u8]) -> &'static str {
    let head = &bytes[..bytes.len().min(1024)];
    match head {
        _ if bytes.starts_with(&SEALED) => "a precompiled component",
        [0x7f, b'E', b'L', b'F', ..] => "a native program",
        [b'#', b'!', ..] => "a script",
        [0x00, b'a', b's', b'm', ..] => "a wasm binary of an unknown version",
        [0x1f, 0x8b, ..] | [b'P', b'K', ..] => "an archive",
        _ => match std::str::from_utf8(head) {
            Ok(text) if text.trim_start().starts_with("(component") => {
                "the text of a component (`wasm-tools parse` makes the binary)"
            }
            Ok(_) => "text",
            // The end of the head may cut a character.
            Err(error) if error.error_len().is_none() => "text",
            Err(_) => "something else",
        },
    }
}
