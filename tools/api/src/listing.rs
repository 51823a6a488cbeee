//! Reduces an API listing to the lines that a reviewer must read.

/// Traits that the compiler implements where possible. The listing shows a type without one
/// of them.
const AUTOMATIC: [&str; 3] = [
    "core::marker::Send",
    "core::marker::Sync",
    "core::marker::Unpin",
];

/// Traits without a promise: those of panics, and those without a stable name.
const NOT_PROMISED: [&str; 5] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::UnsafeUnpin",
    "core::panic::unwind_safe::RefUnwindSafe",
    "core::panic::unwind_safe::UnwindSafe",
];

/// Removes automatic traits that a type has, and functions that the trait of an
/// implementation already states.
pub(crate) fn without_the_obvious(
    lines: impl Iterator<Item = String>,
) -> impl Iterator<Item = String> {
    let mut implementor = None;
    lines.filter(move |line| {
        if let Some((of, on)) = implementation(line) {
            implementor = Some(path(on).to_owned());
            let name = of.rsplit([' ', '!']).next();
            return !AUTOMATIC.contains(&of) && !name.is_some_and(|it| NOT_PROMISED.contains(&it));
        }
        let Some((_, function)) = line.split_once("fn ") else {
            // Types and constants of an implementation are new information, and stay.
            if line.starts_with("impl") {
                implementor = None;
            }
            return true;
        };
        !implementor
            .as_ref()
            .is_some_and(|it| function.strip_prefix(it.as_str()).is_some_and(is_below))
    })
}

/// The trait and the type of `impl TRAIT for TYPE`. A condition is part of the trait.
fn implementation(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("impl")?;
    let (of, on) = rest.split_once(" for ")?;
    Some((of.trim_start(), on))
}

/// A path without its suffix, such as the arguments of a generic type.
fn path(text: &str) -> &str {
    let end = text.find(['<', ' ']).unwrap_or(text.len());
    &text[..end]
}

fn is_below(rest: &str) -> bool {
    rest.starts_with("::") || rest.starts_with('<')
}

#[cfg(test)]
mod tests {
    use super::without_the_obvious;

    fn listed<'a>(lines: &[&'a str]) -> Vec<&'a str> {
        let all = lines.iter().map(|line| (*line).to_owned());
        let left: Vec<_> = without_the_obvious(all).collect();
        let mut rest = lines.to_vec();
        rest.retain(|line| left.iter().any(|it| it == line));
        rest
    }

    #[test]
    fn functions_of_a_trait_are_listed_with_the_trait_alone() {
        let lines = [
            "pub struct a::B",
            "impl a::B",
            "pub fn a::B::new() -> a::B",
            "impl core::clone::Clone for a::B",
            "pub fn a::B::clone(&self) -> a::B",
            "impl core::ops::Deref for a::B",
            "pub type a::B::Target = a::C",
            "pub fn a::B::deref(&self) -> &a::C",
            "pub fn a::before()",
            "pub fn a::Bigger::new()",
        ];
        let obvious = [4, 7];
        let expected: Vec<_> = (0..lines.len())
            .filter(|at| !obvious.contains(at))
            .map(|at| lines[at])
            .collect();
        assert_eq!(listed(&lines), expected);
    }

    #[test]
    fn an_automatic_trait_is_listed_where_a_type_lacks_it_or_has_it_on_a_condition() {
        let lines = [
            "impl core::marker::Send for a::B",
            "impl !core::marker::Sync for a::B",
            "impl<T> core::marker::Send for a::C<T> where T: core::marker::Send",
            "impl !core::panic::unwind_safe::UnwindSafe for a::B",
            "impl<T> core::marker::Freeze for a::C<T> where T: core::marker::Freeze",
        ];
        assert_eq!(listed(&lines), lines[1..3]);
    }
}
