//! The way out against real servers on loopback: sockets, TLS and all.

#![allow(clippy::unwrap_used)]

mod departures;
mod http;
mod lab;
mod outside;
mod plans;
mod redirects;
mod secrets;
mod tcp;
mod tls;
