//! Errors with their causes.

use std::error::Error;

use crate::process::ProcessLimit;

/// An error, and the causes that its own text does not contain, in one text. An error of this
/// library whose text contains its cause does not return the cause as its source.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !told.contains(&cause) && !is_told_as_limit(error, &told) {
            told = format!("{told}: {cause}");
        }
        next = error.source();
    }
    told
}

/// Whether the text contains the limit that made a system call fail, instead of the error.
fn is_told_as_limit(error: &(dyn Error + 'static), told: &str) -> bool {
    let limit = error.downcast_ref().and_then(ProcessLimit::of_start);
    limit.is_some_and(|limit| told.contains(&limit.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::process::io_reason;

    #[test]
    fn each_cause_is_shown_once() {
        let said = anyhow::anyhow!("no such file")
            .context("cannot read it: no such file; name another")
            .context("cannot start");
        assert_eq!(
            causes(&*said),
            "cannot start: cannot read it: no such file; name another"
        );
        let unsaid = anyhow::anyhow!("no such file").context("cannot start");
        assert_eq!(causes(&*unsaid), "cannot start: no such file");
    }

    #[test]
    fn an_error_that_is_shown_as_a_limit_is_not_shown_again() {
        let too_many = io::Error::from_raw_os_error(24);
        let reason = io_reason(&too_many, "name another");
        let said = anyhow::Error::from(too_many).context(reason.clone());
        assert_eq!(causes(&*said), reason);
    }
}
