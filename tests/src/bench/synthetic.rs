//! Components of a given size. Their functions resemble the output of compilers.

mod body;

use body::{COMPLETED, Dice, Shape, body, long_body};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, ImportSection, MemorySection, MemoryType, Module,
    RefType, TableSection, TableType, TypeSection, ValType,
};

use super::Result;
use crate::guest::of_module;

/// A guest with many functions.
pub(super) struct Synthetic {
    pub(super) component: Vec<u8>,
    /// Number of functions besides `main`. `main` calls none of them.
    pub(super) functions: u32,
}

/// Records in one call of `main`.
pub(super) const RECORDS: u32 = 10_000;

/// Types, by their indices.
const COMPLETED_TYPE: u32 = 0;
const MAIN_TYPE: u32 = 1;
pub(super) const BODY_TYPE: u32 = 2;

/// Number of functions in the table, for indirect calls.
const IN_TABLE: u32 = 256;

impl Synthetic {
    /// A component of at least `size` bytes, and at most one function more.
    ///
    /// A third of the bytes are data. Interpreters with their libraries have more data,
    /// and other programs have less. The same size always gives the same component.
    pub(super) fn of(size: usize) -> Result<Self> {
        let data = size / 3;
        let mut dice = Dice::new(size as u64);
        let mut code = CodeSection::new();
        code.function(&main());
        let mut functions = 0;
        while code.byte_len() + data < size.saturating_sub(FRAME) || functions == 0 {
            let shape = Shape {
                before: functions,
                in_table: IN_TABLE.min(functions),
            };
            code.function(&body(&mut dice, shape));
            functions += 1;
        }
        let module = module(&code, functions, text(data));
        Ok(Self {
            component: of_module(module, is_main)?,
            functions,
        })
    }
}

/// A component with a single function of at least `size` bytes, besides `main`.
pub(super) fn one_function(size: usize) -> Result<Vec<u8>> {
    let mut code = CodeSection::new();
    code.function(&main());
    code.function(&long_body(&mut Dice::new(size as u64), size));
    let module = module(&code, 1, Vec::new());
    Ok(of_module(module, is_main)?)
}

fn is_main(interface: &str) -> bool {
    interface == "wasi:cli/run@0.2.12"
}

/// Approximate size of a component without its code and data.
const FRAME: usize = 1 << 10;

fn module(code: &CodeSection, functions: u32, data: Vec<u8>) -> Vec<u8> {
    use ValType::{I32, I64};
    let mut types = TypeSection::new();
    types.ty().function([I32, I32, I64], []);
    types.ty().function([], [I32]);
    types.ty().function([I32, I32], [I32]);

    let mut imports = ImportSection::new();
    let (module, name) = ("solti:metrics/backend@0.1.0", "record-task-completed");
    imports.import(module, name, EntityType::Function(COMPLETED_TYPE));

    let mut declared = FunctionSection::new();
    declared.function(MAIN_TYPE);
    for _ in 0..functions {
        declared.function(BODY_TYPE);
    }

    let in_table = IN_TABLE.min(functions);
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: u64::from(in_table),
        maximum: None,
        table64: false,
        shared: false,
    });

    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: (data.len() as u64).div_ceil(1 << 16) + 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });

    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("wasi:cli/run@0.2.12#run", ExportKind::Func, COMPLETED + 1);

    let first = COMPLETED + 2;
    let indices: Vec<_> = (first..first + in_table).collect();
    let mut elements = ElementSection::new();
    elements.active(
        None,
        &ConstExpr::i32_const(0),
        Elements::Functions(indices.into()),
    );

    let mut texts = DataSection::new();
    texts.active(0, &ConstExpr::i32_const(1 << 16), data);

    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&declared)
        .section(&tables)
        .section(&memories)
        .section(&exports)
        .section(&elements)
        .section(code)
        .section(&texts);
    module.finish()
}

/// A loop that records, as in the guest of the rows.
fn main() -> Function {
    let mut main = Function::new([(1, ValType::I32)]);
    let mut code = main.instructions();
    code.i32_const(RECORDS.cast_signed()).local_set(0);
    code.loop_(wasm_encoder::BlockType::Empty);
    code.i32_const(2).i32_const(0);
    code.local_get(0).i64_extend_i32_u().call(COMPLETED);
    code.local_get(0).i32_const(1).i32_sub().local_tee(0);
    code.br_if(0).end();
    code.i32_const(0).end();
    main
}

fn text(bytes: usize) -> Vec<u8> {
    let words = b"a task has ended; ";
    words.iter().copied().cycle().take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use solti_metrics::{MemoryMetrics, RunnerType, TaskOutcome};
    use solti_metrics_host::runner::{Runner, Task, TaskEnd};

    use super::*;

    #[test]
    fn a_component_has_the_requested_size() -> Result<()> {
        for size in [10 << 10, 300 << 10] {
            let made = Synthetic::of(size)?;
            let much = size + size / 10;
            let length = made.component.len();
            assert!((size - size / 10..much).contains(&length), "{length}");
            assert!(made.functions as usize > size / 4_000);
            assert_eq!(made.component, Synthetic::of(size)?.component);
        }
        Ok(())
    }

    #[test]
    fn a_single_function_has_the_requested_size() -> Result<()> {
        let length = one_function(100 << 10)?.len();
        assert!((100 << 10..110 << 10).contains(&length), "{length}");
        Ok(())
    }

    #[tokio::test]
    async fn a_synthetic_component_is_a_guest_that_records() -> Result<()> {
        let metrics = Arc::new(MemoryMetrics::new());
        let runner = Runner::builder(metrics.clone()).build()?;
        let program = runner.load("synthetic", &Synthetic::of(20 << 10)?.component)?;
        let report = runner.run(&program, Task::new()).await?;
        assert_eq!(report.end, TaskEnd::Exited { code: 0 });
        let completed = metrics.completed(RunnerType::Wasm, TaskOutcome::Success);
        // The runner records one task, too.
        assert_eq!(completed, RECORDS as usize + 1);
        Ok(())
    }
}
