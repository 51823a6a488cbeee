//! Tests of the server over loopback, with a site whose pages a test can delay.

mod answers;
mod client;
mod crowds;
mod readers;
mod secrets;
mod served;
mod sharing;
