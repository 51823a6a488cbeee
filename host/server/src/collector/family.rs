//! Encodes one metric family at a scrape.

use std::fmt;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric,
};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Encodes families of metrics whose values are read at the scrape.
pub(super) struct FamilyEncoder<'a, 'b>(pub(super) &'a mut DescriptorEncoder<'b>);

/// The labels of a sample.
type Labels<'a, const N: usize> = [(&'a str, &'a str); N];

impl FamilyEncoder<'_, '_> {
    pub(super) fn counter<'l, V: EncodeCounterValue + Default, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, N>, V)>,
    ) -> fmt::Result {
        let samples = samples.into_iter();
        let samples = samples.map(|(labels, value)| (labels, ConstCounter::new(value)));
        self.family(name, help, ConstCounter::new(V::default()), samples)
    }

    pub(super) fn gauge<'l, V: EncodeGaugeValue + Default, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, N>, V)>,
    ) -> fmt::Result {
        let samples = samples.into_iter();
        let samples = samples.map(|(labels, value)| (labels, ConstGauge::new(value)));
        self.family(name, help, ConstGauge::new(V::default()), samples)
    }

    fn family<'l, M: EncodeMetric, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        zero: M,
        samples: impl Iterator<Item = (Labels<'l, N>, M)>,
    ) -> fmt::Result {
        let mut family = self
            .0
            .encode_descriptor(name, help, None, zero.metric_type())?;
        for (labels, value) in samples {
            if N == 0 {
                // A sample without labels has no braces.
                return value.encode(family);
            }
            value.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
