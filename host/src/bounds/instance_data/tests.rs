//! Tests of the bound on instance data.

use super::{NoBound, bound};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Number of times that this component instantiates `$data`, a module with 100,000 globals.
fn times(component: &str) -> Result<u64> {
    let globals = "(global i32 (i32.const 0))".repeat(100_000);
    let module = format!("(core module $data {globals})");
    let component = wat::parse_str(component.replace("DATA", &module))?;
    let bytes = bound(&component).map_err(|none| format!("{none:?}"))?;
    Ok(bytes / 1_600_000)
}

#[test]
fn each_instance_of_a_module_is_counted() -> Result {
    for (expected, component) in [
        (0, "(component DATA)"),
        (1, "(component DATA (core instance (instantiate $data)))"),
        (
            2,
            "(component DATA
                (core instance (instantiate $data)) (core instance (instantiate $data)))",
        ),
        // Not instantiated, and instantiated twice.
        (
            0,
            "(component (component DATA (core instance (instantiate $data))))",
        ),
        (
            2,
            "(component (component $c DATA (core instance (instantiate $data)))
                (instance (instantiate $c)) (instance (instantiate $c)))",
        ),
        // From outside, by name and as an argument.
        (
            1,
            "(component DATA
                (component $c (core instance (instantiate $data))) (instance (instantiate $c)))",
        ),
        (
            3,
            r#"(component DATA
                (component $c (import "m" (core module $m))
                  (core instance (instantiate $m)) (core instance (instantiate $m))
                  (core instance (instantiate $m)))
                (instance (instantiate $c (with "m" (core module $data)))))"#,
        ),
        // Exports of an instance, and of a bundle.
        (
            1,
            r#"(component
                (component $c DATA (export "m" (core module $data)))
                (instance $i (instantiate $c))
                (alias export $i "m" (core module $m))
                (core instance (instantiate $m)))"#,
        ),
        (
            1,
            r#"(component DATA
                (instance $i (export "m" (core module $data)))
                (component $c
                  (import "i" (instance $i (export "m" (core module))))
                  (alias export $i "m" (core module $m))
                  (core instance (instantiate $m)))
                (instance (instantiate $c (with "i" (instance $i)))))"#,
        ),
        // A component as an argument, with a module from its place of definition.
        (
            2,
            r#"(component
                (component $a DATA
                  (component $b (core instance (instantiate $data)))
                  (export "b" (component $b)))
                (instance $i (instantiate $a))
                (alias export $i "b" (component $b))
                (component $c (import "x" (component $x))
                  (instance (instantiate $x)) (instance (instantiate $x)))
                (instance (instantiate $c (with "x" (component $b)))))"#,
        ),
        // An export has an index of its own.
        (
            1,
            r#"(component DATA (export $again "m" (core module $data))
                (core instance (instantiate $again)))"#,
        ),
    ] {
        assert_eq!(times(component)?, expected, "{component}");
    }
    Ok(())
}

/// Each component instantiates the previous one twice: the last one has 2^n instances.
fn doubled(times: u32) -> Result<Vec<u8>> {
    let mut text = "(component (component $c0)".to_owned();
    for n in 0..times {
        let c = format!("(instance (instantiate $c{n}))");
        text += &format!("(component $c{} {c} {c})", n + 1);
    }
    text += &format!("(instance (instantiate $c{times})))");
    Ok(wat::parse_str(text)?)
}

#[test]
fn doubled_instances_are_all_counted() -> Result {
    let bytes = |times| bound(&doubled(times)?).map_err(|none| format!("{none:?}").into());
    let (some, twice): (Result<u64>, Result<u64>) = (bytes(9), bytes(10));
    let (some, twice) = (some?, twice?);
    assert!(
        some > 512 * 512 && twice > 2 * (some - 4096),
        "{some}, {twice}"
    );
    Ok(())
}

#[test]
fn too_many_doubled_instances_are_rejected() -> Result {
    for times in [20, 64, 900] {
        let bound = bound(&doubled(times)?);
        assert!(matches!(bound, Err(NoBound::TooManySteps)), "{bound:?}");
    }
    Ok(())
}

/// The bytes are not validated; the walk ends for any of them.
#[test]
fn indices_of_nothing_are_nothing() -> Result {
    let valid = wat::parse_str(
        "(component (core module $m) (component $c) (core instance (instantiate $m))
            (instance (instantiate $c)) (alias outer 0 0 (core module)))",
    )?;
    for at in 8..valid.len() {
        for byte in [0, 1, 5, 0x7f, 0xff] {
            let mut changed = valid.clone();
            changed[at] = byte;
            // The test only checks that the call returns.
            let _ = bound(&changed);
        }
    }
    Ok(())
}
