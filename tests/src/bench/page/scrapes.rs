//! Cost of scrapes.

use crate::bench::Run;
use crate::bench::figure::{bytes, count, figure};

pub(super) fn section(run: &Run) -> String {
    let scrapes = &run.scrapes;
    let mut text = "\
## Scrapes

A server with tasks that have run answers requests of `/metrics`. Figures are CPU time of the
process of the server, minus the time that it takes without a client. Each scrape here needs
a new page, because the time between two scrapes is longer than the server keeps a page. The
last columns compare with the crate `prometheus-client`, which encodes the same samples from
memory, without HTTP. Prometheus asks for gzip, which costs more processor time and fewer
bytes.

| tasks | samples | bytes | ms per scrape | µs per sample | `prometheus-client`, ms | ratio | ms with gzip |
|--:|--:|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    for scraped in &scrapes.by_tasks {
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
            count(scraped.tasks as u64),
            count(scraped.samples as u64),
            bytes(scraped.bytes as u64),
            figure(scraped.ms),
            figure(1e3 * scraped.ms / scraped.samples as f64),
            figure(scraped.encoded_ms),
            figure(scraped.ms / scraped.encoded_ms),
            figure(scraped.gzip_ms),
        );
    }
    text + &format!(
        "\n{} scrapers, one scrape a second each, of a server with 10 tasks take {} % of all \
         processors for the answers.\n",
        scrapes.scrapers,
        figure(100.0 * scrapes.share)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::example::example;

    #[test]
    fn each_number_of_tasks_has_a_row_and_the_crowd_has_a_share() {
        let text = section(&example());
        let line = "| 1,000 | 14,000 | 1.90 MB | 4.00 | 0.29 | 3.00 | 1.33 | 9.00 |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("take 0.40 % of all"), "{text}");
    }
}
