//! The server over loopback, with a site whose pages a test holds back.

mod answers;
mod client;
mod crowds;
mod readers;
mod secrets;
mod served;
mod sharing;
