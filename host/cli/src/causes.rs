/// An error, and those of its causes that it has not told itself.
pub(crate) fn causes(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once() {
        let said = anyhow::anyhow!("no such file")
            .context("cannot read it: no such file; name another")
            .context("cannot start");
        assert_eq!(
            causes(&said),
            "cannot start: cannot read it: no such file; name another"
        );
        let unsaid = anyhow::anyhow!("no such file").context("cannot start");
        assert_eq!(causes(&unsaid), "cannot start: no such file");
    }
}
