//! Compositions of guests, middlewares and providers in any order.

use std::sync::LazyLock;

use anyhow::{Result, anyhow, ensure};
use arbitrary::Unstructured;
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::compose::{Part, compose};
use solti_metrics_tests::parts::{
    EXIT, EXIT_FAILED, FAIL, RETURN, TRAP, failing, guest, keeper, keeping_middleware, silent,
};
use solti_metrics_tests::runs::End;

use crate::oracle::is_one_line;
use crate::recorders::recorders;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "compositions",
    run,
    seeds: &["fuzz/seeds/records"],
    words: &[],
    longest: 64,
    limits: Limits::WASM,
};

/// Components, each with its role and the end of a guest.
static PARTS: LazyLock<Result<Vec<(Role, End, Vec<u8>)>>> = LazyLock::new(|| {
    let mut parts = Vec::new();
    for (end, seen) in [
        (RETURN, End::Exited(0)),
        (FAIL, End::Exited(1)),
        (EXIT, End::Exited(0)),
        (EXIT_FAILED, End::Exited(1)),
        (TRAP, End::Trapped),
    ] {
        parts.push((Role::Guest, seen, guest(end)?));
    }
    for provider in [keeper()?, silent()?, failing(false, 'x', 40)?] {
        parts.push((Role::Provider, End::Exited(0), provider));
    }
    for middleware in [keeping_middleware()?, failing(true, 'x', 40)?] {
        parts.push((Role::Middleware, End::Exited(0), middleware));
    }
    Ok(parts)
});

/// A chain of the right order is a component, and any other order is rejected with a reason.
fn run(input: &[u8]) -> Result<()> {
    let parts = PARTS.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let mut input = Unstructured::new(input);
    let mut chain = Vec::new();
    let ordered = input.ratio(3, 4)?;
    let length = input.int_in_range(1..=5)?;
    for at in 0..length {
        let role = match at {
            0 => Role::Guest,
            _ if at + 1 == length => Role::Provider,
            _ => Role::Middleware,
        };
        let fits: Vec<_> = parts.iter().filter(|it| !ordered || it.0 == role).collect();
        chain.push(*input.choose(&fits)?);
    }
    let named: Vec<_> = chain.iter().map(|(_, _, bytes)| Part { name: "a\nb", bytes }).collect();
    let roles: Vec<_> = chain.iter().map(|(role, _, _)| *role).collect();
    let composed = match compose(&named) {
        Ok(composed) => composed,
        Err(error) => {
            ensure!(!is_chain(&roles), "{roles:?}: {error}");
            return is_one_line(&error.to_string());
        }
    };
    ensure!(is_chain(&roles), "{roles:?} are composed");
    let inspection = Inspection::of("composed", &composed.bytes)?;
    ensure!(inspection.role() == composed.inspection.role(), "{inspection:?}");
    ensure!(inspection.is_program(), "not a program: {inspection:?}");
    // A flush that fails is reported by the program, and the end of its guest decides.
    let mut results = Vec::new();
    for recorder in recorders()? {
        results.push(recorder.seen(&recorder.load(&composed.bytes)?)?);
    }
    ensure!(results[0] == results[1], "the modes differ: {results:?}");
    let expected = &chain[0].1;
    let end = &results[0].0.end;
    ensure!(
        end == expected || *expected == End::Exited(0) && *end == End::Exited(1),
        "{roles:?}: {end:?}, not {expected:?}"
    );
    Ok(())
}

/// A chain starts with a guest and ends with a provider, and has only middlewares between them.
fn is_chain(roles: &[Role]) -> bool {
    let [Role::Guest, middlewares @ .., Role::Provider] = roles else {
        return false;
    };
    middlewares.iter().all(|it| *it == Role::Middleware)
}
