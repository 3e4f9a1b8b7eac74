//! Bytes that claim to be a component.

use std::time::{Duration, Instant};

use palisade_e2e::{
    binary::{COMPONENT, CORE_MODULE, leb128, section},
    built,
};
use palisade_engine::{Cache, LoadError, Sandbox};
use serde_json::json;

use crate::bound::{hostile, none, sandbox, sandbox_with};

async fn refusal(sandbox: &Sandbox, bytes: &[u8]) -> String {
    match sandbox.compile(bytes).await {
        Ok(compiled) => sandbox.describe(&compiled).await.map(drop).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    let sandbox = sandbox();
    let good = built::component("hostile-connector");
    assert_eq!(refusal(sandbox, b"").await, "this is not a WebAssembly file");
    assert_eq!(refusal(sandbox, b"#!/bin/sh\nrm -rf /\n").await, "this is not a WebAssembly file");
    assert_eq!(
        refusal(sandbox, &CORE_MODULE).await,
        "this is a core module, not a component: run `palisade plugin build` on its project"
    );
    let invalid = |words: &str| words.starts_with("this is not a valid component: ");
    for cut in [good.len() / 4, good.len() / 2, good.len() - 1] {
        let words = refusal(sandbox, &good[..cut]).await;
        assert!(invalid(&words), "cut at {cut}: {words}");
    }
    // Any bytes would do; these are the same in every run.
    let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let words = refusal(sandbox, &[COMPONENT.as_slice(), &noise].concat()).await;
    assert!(invalid(&words), "{words}");
    assert_eq!(
        refusal(sandbox, &COMPONENT).await,
        "it exports neither `invoke` (a connector) nor `run` (a playbook): it is no plugin of this host, which knows 0.1.0 \
         to 0.2.0 of the contract"
    );
}

#[tokio::test]
async fn an_import_that_the_host_does_not_give_is_named() {
    let sandbox = sandbox();
    let mut component = built::component("hostile-connector");
    let (given, foreign) = (b"palisade:plugin/http@", b"palisade:plugin/disk@");
    while let Some(at) = component.windows(given.len()).position(|window| window == given) {
        component[at..at + given.len()].copy_from_slice(foreign);
    }
    let compiled = sandbox.compile(&component).await.unwrap();
    let error = sandbox.describe(&compiled).await.unwrap_err();
    assert!(matches!(error, LoadError::World(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "it imports palisade:plugin/disk@0.2.0, which this host does not give to a connector: build the whole plugin with \
         an SDK for 0.2.0; beside it, only Wasi 0.2 is given"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_takes_long_to_compile_disturbs_nobody() {
    let connector = hostile(json!({})).await;
    // Found compiled, it would keep nobody busy.
    let cache = tempfile::tempdir().unwrap();
    let compiler = sandbox_with(Cache::Own(cache.path().to_owned()));
    let compiling = tokio::spawn(async move { refusal(&compiler, &laborious()).await });
    loop {
        let called = Instant::now();
        assert_eq!(connector.report("behave", none()).await.data["text"], "fine");
        assert!(called.elapsed() < Duration::from_secs(3), "a good action waited for the compiler");
        if compiling.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let words = compiling.await.unwrap();
    assert!(words.starts_with("it exports neither"), "{words}");
}

/// A component around a core module of very many functions, each a long way through nested blocks.
fn laborious() -> Vec<u8> {
    const FUNCTIONS: usize = 500;
    const BLOCKS: usize = 500;
    let mut body = vec![0];
    body.extend([0x02, 0x40].repeat(BLOCKS));
    for depth in 0..BLOCKS {
        // local.get 0, br_if depth
        body.extend([0x20, 0x00, 0x0d]);
        body.extend(leb128(depth));
    }
    body.extend([0x0b].repeat(BLOCKS + 1));
    let body = [leb128(body.len()), body].concat();

    let types = section(1, &[1, 0x60, 1, 0x7f, 0]);
    let functions = section(3, &[leb128(FUNCTIONS), vec![0; FUNCTIONS]].concat());
    let code = section(10, &[leb128(FUNCTIONS), body.repeat(FUNCTIONS)].concat());
    let module = [CORE_MODULE.as_slice(), &types, &functions, &code].concat();
    [COMPONENT.as_slice(), &section(1, &module)].concat()
}
