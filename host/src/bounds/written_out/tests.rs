//! Tests of the bound on types.

use super::*;

type Tested = Result<(), Box<dyn std::error::Error>>;

fn bound(text: &str) -> Result<Result<(), String>, Box<dyn std::error::Error>> {
    Ok(bound_types(&wat::parse_str(text)?))
}

/// `pair` returns a type that contains another one twice.
fn doubled(levels: usize, pair: impl Fn(&str) -> String) -> String {
    let mut types = "(type $t0 (enum \"a\"))".to_owned();
    for level in 1..levels {
        let inner = format!("$t{}", level - 1);
        types += &format!("(type $t{level} {})", pair(&inner));
    }
    types
}

#[test]
fn types_that_double_at_every_level_are_rejected_and_shared_types_are_not() -> Tested {
    let long = "n".repeat(10_000);
    let record =
        |inner: &str| format!("(record (field \"a{long}\" {inner}) (field \"b\" {inner}))");
    let tuple = |inner: &str| format!("(tuple {inner} {inner})");
    bound(&format!("(component {})", doubled(12, tuple)))??;
    let refused = bound(&format!("(component {})", doubled(14, record)))?;
    assert!(refused.is_err_and(|it| it.contains("written out")));
    // In a nested component, and in the type of an instance.
    let inner = doubled(14, record);
    let refused = bound(&format!("(component (component {inner}))"))?;
    assert!(refused.is_err_and(|it| it.contains("written out")));
    // The same number of types without nesting is accepted.
    let many = "(type (enum \"a\"))".repeat(50_000);
    bound(&format!("(component {many})"))??;
    Ok(())
}

#[test]
fn instances_that_double_are_counted_with_their_items() -> Tested {
    let instances = |levels: usize| {
        let mut text = "(type $t u8) (instance $i0 (export \"r\" (type $t)))".to_owned();
        for level in 1..levels {
            let inner = level - 1;
            text += &format!(
                "(instance $i{level} (export \"a\" (instance $i{inner})) (export \"b\" (instance $i{inner})))"
            );
        }
        text
    };
    bound(&format!("(component {})", instances(14)))??;
    for text in [
        format!("(component {})", instances(16)),
        format!("(component (component {}))", instances(16)),
        // Half of the instances are in each of two components.
        format!("(component (component {0}) (component {0}))", instances(15)),
    ] {
        let refused = bound(&text)?;
        assert!(refused.is_err_and(|it| it.contains("more than 100000 functions")));
    }
    Ok(())
}

#[test]
fn a_limit_of_the_validator_is_one() -> Tested {
    let tuple = |inner: &str| format!("(tuple {inner} {inner})");
    let refused = bound(&format!("(component {})", doubled(25, tuple)))?;
    assert!(refused.is_err_and(|it| it.contains("exceeds the limit of 1000000")));
    Ok(())
}

#[test]
fn types_that_nest_too_deep_are_rejected() -> Tested {
    let list = |inner: &str| format!("(list {inner})");
    bound(&format!("(component {})", doubled(90, list)))??;
    let refused = bound(&format!("(component {})", doubled(5_000, list)))?;
    assert!(refused.is_err_and(|it| it.contains("deep")));
    let within = format!(
        "(component (type (instance {} (export \"e\" (type (eq $t4999))))))",
        doubled(5_000, list)
    );
    assert!(bound(&within)?.is_err_and(|it| it.contains("deep")));
    Ok(())
}

#[test]
fn an_invalid_component_is_not_rejected_by_the_bound() {
    for bytes in [&b""[..], b"\0asm", b"\0asm\x0d\0\x01\0\x07\xff"] {
        assert_eq!(bound_types(bytes), Ok(()));
    }
}
