//! The memory of a component's instances, compared with the host's estimate before they
//! are made.

use allocation_counter::measure;
use anyhow::{Result, ensure};
use solti_metrics_host::component::Inspection;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::told;

/// Measures a hundred instances or more of each kind that has data.
#[test]
fn instances_take_at_most_the_estimated_memory() -> Result<()> {
    for (kind, inside) in [
        ("globals", "(global i32 (i32.const 0))".repeat(1_000)),
        ("nothing", String::new()),
        (
            "references to functions",
            format!(
                "(func $f) (elem declare func $f) {}",
                numbered(500, |n| format!("(func $r{n}) (elem declare func $r{n})"))
            ),
        ),
        (
            "passive elements",
            format!("(func $f) (elem func {})", "$f ".repeat(1_000)),
        ),
        ("many segments of elements", "(elem func)".repeat(500)),
        ("passive data", r#"(data "x")"#.repeat(500)),
        (
            "active data",
            format!(
                r#"(memory 1) {}"#,
                r#"(data (i32.const 0) "x")"#.repeat(500)
            ),
        ),
        ("tables", "(table 0 funcref)".repeat(60)),
        ("memories", "(memory 0)".repeat(10)),
        (
            "exports",
            numbered(200, |n| format!(r#"(func (export "f{n}"))"#)),
        ),
    ] {
        let instances = "(core instance (instantiate $m))".repeat(100);
        // Memories reserve address space.
        let instances = match kind {
            "memories" => "(core instance (instantiate $m))".repeat(20),
            _ => instances,
        };
        compare(
            kind,
            &format!("(component (core module $m {inside}) {instances})"),
            8,
        )?;
    }
    Ok(())
}

#[test]
fn adapters_between_instances_take_at_most_the_estimated_memory() -> Result<()> {
    compare(
        "imported functions",
        &format!(
            r#"(component
            (core module $a {})
            (core instance $a (instantiate $a))
            (core module $b {})
            {})"#,
            numbered(300, |n| format!(r#"(func (export "f{n}"))"#)),
            numbered(300, |n| format!(r#"(import "a" "f{n}" (func))"#)),
            r#"(core instance (instantiate $b (with "a" (instance $a))))"#.repeat(100)
        ),
        2,
    )?;
    compare(
        "components",
        &format!(
            "(component (component $c (type (resource (rep i32)))) {})",
            "(instance (instantiate $c))".repeat(500)
        ),
        4,
    )?;
    let plain = Adapted {
        core: "(func (export \"f{n}\"))",
        ty: "",
        options: "",
        lower: "",
        import: "(func)",
    };
    compare("adapters", &plain.component(), 12)?;
    let copying = Adapted {
        core: "(func (export \"f{n}\") (param i32 i32))",
        ty: r#"(param "text" string)"#,
        options: r#"(memory $i "memory") (realloc (func $i "realloc"))"#,
        lower: r#"(memory $m "memory")"#,
        import: "(func (param i32 i32))",
    };
    compare("adapters that copy", &copying.component(), 24)
}

/// A component with functions that other components in it import.
struct Adapted {
    core: &'static str,
    ty: &'static str,
    options: &'static str,
    lower: &'static str,
    import: &'static str,
}

impl Adapted {
    fn component(&self) -> String {
        let Self {
            core,
            ty,
            options,
            lower,
            import,
        } = self;
        let each = |text: &dyn Fn(u32) -> String| numbered(50, text);
        let cores = each(&|n| core.replace("{n}", &n.to_string()));
        let lifted = each(&|n| {
            format!(r#"(func (export "f{n}") {ty} (canon lift (core func $i "f{n}") {options}))"#)
        });
        let imported = each(&|n| format!(r#"(import "f{n}" (func $f{n} {ty}))"#));
        let lowered = each(&|n| format!("(core func $l{n} (canon lower (func $f{n}) {lower}))"));
        let imports = each(&|n| format!(r#"(import "" "l{n}" {import})"#));
        let exports = each(&|n| format!(r#"(export "l{n}" (func $l{n}))"#));
        let with = each(&|n| format!(r#"(with "f{n}" (func $inner "f{n}"))"#));
        let outer = format!("(instance (instantiate $outer {with}))").repeat(10);
        format!(
            r#"(component
            (component $inner
              (core module $m (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                {cores})
              (core instance $i (instantiate $m))
              {lifted})
            (component $outer
              {imported}
              (core module $m (memory (export "memory") 1))
              (core instance $m (instantiate $m))
              {lowered}
              (core module $u {imports})
              (core instance (instantiate $u (with "" (instance {exports})))))
            (instance $inner (instantiate $inner))
            {outer})"#
        )
    }
}

fn numbered(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect()
}

/// The estimate is at least the measured memory, and at most `times` times as large.
fn compare(kind: &str, text: &str, times: u64) -> Result<()> {
    let bytes = wat::parse_str(text).map_err(|error| anyhow::anyhow!("{kind}: {error}"))?;
    let counted = Inspection::of(kind, &bytes)?.instance_data;
    let mut config = Config::new();
    config.concurrency_support(false);
    let engine = Engine::new(&config).map_err(told)?;
    let component = Component::from_binary(&engine, &bytes).map_err(told)?;
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let mut made = None;
    let allocated = measure(|| made = Some(linker.instantiate(&mut store, &component)));
    ensure!(matches!(made, Some(Ok(_))), "{kind}: {made:?}");
    let there = u64::try_from(allocated.bytes_current)?;
    ensure!(
        there <= counted,
        "{kind}: {there} bytes, and {counted} are counted"
    );
    ensure!(
        counted <= times * there,
        "{kind}: {there} bytes, and {counted} are counted"
    );
    Ok(())
}
