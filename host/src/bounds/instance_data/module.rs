//! Bytes that an instance of a core module takes.

use wasmparser::{
    BinaryReaderError, ConstExpr, DataSectionReader, Element, ElementItems, ElementKind,
    ElementSectionReader, ExternalKind, Operator, Payload, TableInit, TypeRef,
};

type Result<T = ()> = std::result::Result<T, BinaryReaderError>;

/// Bytes of each instance, with any content: wasmtime's `Instance`, its entry in the store and in
/// the component, and the store's entry for its module.
const INSTANCE: u64 = 384;

/// Bytes of each defined memory: its `Memory`, and the position of its image.
const MEMORY: u64 = 512;

/// Bytes of each defined table: its `Table`.
const TABLE: u64 = 128;

/// Bytes of each passive segment of elements, in addition to the elements: a vector.
const SEGMENT: u64 = 48;

/// Bytes of an element of a passive segment: a `ValRaw`.
const PASSIVE_ELEMENT: u64 = 16;

/// Items of a core module for which each of its instances has data.
#[derive(Debug, Default)]
pub(super) struct Module {
    imported_functions: u64,
    imported_tables: u64,
    imported_memories: u64,
    imported_globals: u64,
    imported_tags: u64,
    tables: u64,
    memories: u64,
    globals: u64,
    tags: u64,
    data_segments: u64,
    element_segments: u64,
    passive_elements: u64,
    functions: u32,
    escaped: Escaped,
}

/// Functions to which anything but a call refers.
#[derive(Debug, Default)]
struct Escaped {
    bits: Vec<u64>,
    count: u64,
}

impl Module {
    /// Counts the items of a section.
    pub(super) fn section(&mut self, payload: Payload<'_>) -> Result {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    self.import(import?.ty);
                }
            }
            Payload::FunctionSection(functions) => {
                for function in functions {
                    function?;
                    self.functions += 1;
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.tables += 1;
                    if let TableInit::Expr(init) = table?.init {
                        self.refers(&init)?;
                    }
                }
            }
            Payload::MemorySection(memories) => self.memories += u64::from(memories.count()),
            Payload::TagSection(tags) => self.tags += u64::from(tags.count()),
            Payload::GlobalSection(globals) => {
                for global in globals {
                    self.globals += 1;
                    self.refers(&global?.init_expr)?;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                        self.escaped.insert(export.index, self.functions);
                    }
                }
            }
            Payload::ElementSection(segments) => self.elements(segments)?,
            Payload::DataSection(segments) => self.data(&segments),
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, ty: TypeRef) {
        match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                self.imported_functions += 1;
                self.functions += 1;
                self.escaped.insert(self.functions - 1, self.functions);
            }
            TypeRef::Table(_) => self.imported_tables += 1,
            TypeRef::Memory(_) => self.imported_memories += 1,
            TypeRef::Global(_) => self.imported_globals += 1,
            TypeRef::Tag(_) => self.imported_tags += 1,
        }
    }

    fn elements(&mut self, segments: ElementSectionReader<'_>) -> Result {
        for segment in segments {
            let Element { kind, items, .. } = segment?;
            let mut elements = 0;
            match items {
                ElementItems::Functions(functions) => {
                    for function in functions {
                        elements += 1;
                        self.escaped.insert(function?, self.functions);
                    }
                }
                ElementItems::Expressions(_, expressions) => {
                    for expression in expressions {
                        elements += 1;
                        self.refers(&expression?)?;
                    }
                }
            }
            if matches!(kind, ElementKind::Passive) {
                self.element_segments += 1;
                self.passive_elements += elements;
            }
        }
        Ok(())
    }

    fn data(&mut self, segments: &DataSectionReader<'_>) {
        self.data_segments += u64::from(segments.count());
    }

    fn refers(&mut self, expression: &ConstExpr<'_>) -> Result {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.escaped.insert(function_index, self.functions);
            }
        }
        Ok(())
    }

    /// Bytes of the `VMContext` of an instance, as `VMOffsets` has them: the fields in their order,
    /// each with its size for pointers of eight bytes.
    fn context(&self) -> u64 {
        let mut offset = 48;
        for (count, size) in [
            (self.imported_memories, 24),
            (self.memories, 8 + 16),
            (self.imported_functions, 32),
            (self.imported_tables, 24),
            (self.imported_globals, 24),
            (self.imported_tags, 24),
            (self.tables, 16),
        ] {
            offset += count * size;
        }
        offset = offset.next_multiple_of(16) + self.globals * 16 + self.tags * 4;
        offset = offset.next_multiple_of(8) + self.escaped.count * 32;
        // One item for the work at the start. Each memory can add one data segment, which is its
        // image.
        offset + 32 + (self.data_segments + self.memories) * 12
    }

    /// Maximum bytes of an instance of the module.
    pub(super) fn bytes(&self) -> u64 {
        let counted = [
            (self.memories, MEMORY),
            (self.tables, TABLE),
            (self.element_segments, SEGMENT),
            (self.passive_elements, PASSIVE_ELEMENT),
        ];
        let counted = counted.map(|(count, size)| count * size);
        INSTANCE + self.context() + counted.into_iter().sum::<u64>()
    }
}

impl Escaped {
    /// Adds a function. An index beyond the number of functions makes the module invalid.
    fn insert(&mut self, function: u32, functions: u32) {
        if function >= functions {
            return;
        }
        let (word, bit) = ((function / 64) as usize, 1 << (function % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if self.bits[word] & bit == 0 {
            self.bits[word] |= bit;
            self.count += 1;
        }
    }
}
