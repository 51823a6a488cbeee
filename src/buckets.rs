/// Upper bounds of the duration buckets, in seconds. The bounds are part of the contract, so
/// that quantiles agree for all backends. One more bucket follows the last bound.
pub const DURATION_BUCKETS: [f64; 15] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0,
];
