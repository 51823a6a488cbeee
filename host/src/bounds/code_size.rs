//! Size of a component's code, and of the code that inlining adds.

use wasmparser::{BinaryReaderError, FunctionBody, Import, ImportSectionReader, Operator, TypeRef};

/// Maximum bytes of a function that a call of it is replaced by. wasmtime inlines no call if caller
/// and callee together have more than 2,000 instructions of its own.
const LARGEST_CALLEE: u64 = 4 << 10;

/// Bytes of the shim's largest function, with the adapter in front of it.
const SHIM: u64 = 256;

/// Sizes of the code in a component. Modules are added in the order of the component's bytes, and
/// their number is not limited: so this value and the work for a module do not grow with it.
pub(crate) struct CodeSizes {
    /// The module that is being added.
    current: ModuleCode,
    /// The earlier module with the largest function.
    largest: ModuleCode,
    /// Bytes of the largest function in the other earlier modules.
    second: u64,
    /// Calls of imported functions in all earlier modules.
    calls: u64,
    functions: u64,
    bytes: u64,
    /// Functions and bytes above which calls are not counted any more.
    most: (u64, u64),
}

/// Code of a core module.
#[derive(Clone, Copy, Default)]
struct ModuleCode {
    imported: u32,
    /// Number of calls of imported functions, which may be inlined.
    calls: u64,
    /// Bytes of the largest function.
    largest: u64,
}

impl CodeSizes {
    /// No code. The calls in a component with more functions or bytes than these are not counted.
    pub(crate) fn new(functions: u64, bytes: u64) -> Self {
        Self {
            current: ModuleCode::default(),
            largest: ModuleCode::default(),
            second: 0,
            calls: 0,
            functions: 0,
            bytes: 0,
            most: (functions, bytes),
        }
    }

    /// A core module starts.
    pub(crate) fn module(&mut self) {
        let ended = std::mem::take(&mut self.current);
        self.calls += ended.calls;
        if ended.largest > self.largest.largest {
            self.second = self.largest.largest;
            self.largest = ended;
        } else {
            self.second = self.second.max(ended.largest);
        }
    }

    /// The imports of the current module.
    pub(crate) fn imports(
        &mut self,
        section: ImportSectionReader<'_>,
    ) -> Result<(), BinaryReaderError> {
        for import in section.into_imports() {
            let Import { ty, .. } = import?;
            if let TypeRef::Func(_) = ty {
                self.current.imported = self.current.imported.saturating_add(1);
            }
        }
        Ok(())
    }

    /// A function of the current module.
    pub(crate) fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        let bytes = body.range().len() as u64;
        self.functions += 1;
        self.bytes += bytes;
        let is_counted = self.functions <= self.most.0 && self.bytes <= self.most.1;
        let module = &mut self.current;
        module.largest = module.largest.max(bytes);
        if is_counted && module.imported > 0 {
            for operator in body.get_operators_reader()? {
                if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                    operator?
                    && function_index < module.imported
                {
                    module.calls += 1;
                }
            }
        }
        Ok(())
    }

    /// Number of functions.
    pub(crate) fn functions(&self) -> u64 {
        self.functions
    }

    /// Bytes of functions.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Maximum bytes that inlining adds: for each call of an imported function, the largest
    /// function of another module, or of the shim.
    pub(crate) fn added_by_inlining(mut self) -> u64 {
        self.module();
        let callee = |largest: u64| largest.clamp(SHIM, LARGEST_CALLEE);
        let of_largest = self.largest.calls.saturating_mul(callee(self.second));
        let of_others = self.calls - self.largest.calls;
        of_largest.saturating_add(of_others.saturating_mul(callee(self.largest.largest)))
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::{Parser, Payload};

    use super::*;

    fn sizes(text: &str) -> Result<CodeSizes, Box<dyn std::error::Error>> {
        let bytes = wat::parse_str(text)?;
        let mut sizes = CodeSizes::new(10, 10_000);
        for payload in Parser::new(0).parse_all(&bytes) {
            match payload? {
                Payload::ModuleSection { .. } => sizes.module(),
                Payload::ImportSection(section) => sizes.imports(section)?,
                Payload::CodeSectionEntry(body) => sizes.function(&body)?,
                _ => {}
            }
        }
        Ok(sizes)
    }

    #[test]
    fn each_call_of_an_import_adds_the_largest_function_of_another_module()
    -> Result<(), Box<dyn std::error::Error>> {
        let large = "nop ".repeat(998);
        let sizes = sizes(&format!(
            r#"(component
                (core module (func {large}) (func))
                (core module
                  (import "" "a" (func $a)) (import "" "t" (table 0 funcref))
                  (func $own) (func call $a call $own call $a return_call $a)))"#
        ))?;
        assert_eq!(sizes.functions(), 4);
        assert_eq!(sizes.added_by_inlining(), 3 * 1_000);
        Ok(())
    }

    #[test]
    fn the_module_with_the_largest_function_calls_the_second_largest()
    -> Result<(), Box<dyn std::error::Error>> {
        let body = |nops| "nop ".repeat(nops);
        let module = |nops| {
            let body = body(nops);
            format!(r#"(core module (import "" "a" (func $a)) (func {body} call $a))"#)
        };
        let three = [module(996), module(2_996), module(496)].concat();
        // Each body has four more bytes.
        let sizes = sizes(&format!("(component {three})"))?;
        assert_eq!(sizes.added_by_inlining(), 1_000 + 2 * 3_000);
        Ok(())
    }

    #[test]
    fn a_call_of_a_huge_function_or_of_the_shim_has_a_fixed_size()
    -> Result<(), Box<dyn std::error::Error>> {
        let caller = r#"(core module (import "" "a" (func $a)) (func call $a))"#;
        let alone = sizes(&format!("(component {caller})"))?;
        assert_eq!(alone.added_by_inlining(), SHIM);
        let huge = "nop ".repeat(9_000);
        let two = sizes(&format!("(component {caller} (core module (func {huge})))"))?;
        assert_eq!(two.added_by_inlining(), LARGEST_CALLEE);
        Ok(())
    }
}
