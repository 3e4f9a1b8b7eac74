//! Something else in place of the network, and who watches.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use palisade_egress::{
    Authorization, Gate, HttpError, Outside, Peer, Request, Response, StreamEvent, TcpError, Upstream, Watch,
};
use palisade_model::{
    action::Effect,
    limits::HTTP_RESPONSE_BYTES,
    plugin::{SecretPlace, TcpCapability},
};

use crate::lab::{Lab, SECRET, get, named, placeholder, request, with_header};

/// Answers every request with itself, and every stream with what it was sent.
#[derive(Default)]
struct Echo(Mutex<Vec<String>>);

impl Upstream for Echo {
    fn exchange(
        &self,
        request: &http::Request<bytes::Bytes>,
    ) -> Result<http::Response<bytes::Bytes>, HttpError> {
        let secret = request
            .headers()
            .get("x-key")
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        self.0.lock().unwrap().push(format!("{} {} {secret:?}", request.method(), request.uri()));
        match request.uri().path() {
            "/huge" => Ok(http::Response::new(vec![0; HTTP_RESPONSE_BYTES + 1].into())),
            "/away" => {
                let redirect =
                    http::Response::builder().status(302).header("location", "https://other.example/");
                Ok(redirect.body(bytes::Bytes::new()).unwrap())
            }
            "/slow" => Err(HttpError::Timeout("too slow".to_owned())),
            _ => Ok(http::Response::new(secret.unwrap_or_default().into())),
        }
    }

    fn connect(&self, _: &str, _: u16) -> Result<Box<dyn Peer>, TcpError> {
        Ok(Box::<Mirror>::default())
    }
}

#[derive(Default)]
struct Mirror {
    said: Vec<u8>,
    secured: bool,
}

impl Peer for Mirror {
    fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        self.said.extend_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, max: usize) -> Result<Vec<u8>, TcpError> {
        if !self.secured {
            return Err(TcpError::Unreachable("it breaks".to_owned()));
        }
        Ok(self.said.drain(..max.min(self.said.len())).collect())
    }

    fn start_tls(&mut self) -> Result<(), TcpError> {
        self.secured = true;
        Ok(())
    }
}

/// Keeps what it sees, as text.
#[derive(Default)]
struct Eye(Mutex<Vec<String>>);

impl Eye {
    fn seen(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Watch for Eye {
    fn exchange(&self, request: &Request, answer: &Result<Response, HttpError>, _: Duration) {
        let credentials = match &request.authorization {
            Some(Authorization::Bearer(token)) => token.clone(),
            _ => String::new(),
        };
        let answer = match answer {
            Ok(response) => String::from_utf8_lossy(&response.body).into_owned(),
            Err(error) => error.to_string(),
        };
        let Request { method, url, headers, .. } = request;
        self.0.lock().unwrap().push(format!("{method} {url} {headers:?} {credentials} -> {answer}"));
    }

    fn stream(&self, number: u64, event: StreamEvent<'_>) {
        self.0.lock().unwrap().push(format!("{number} {event:?}"));
    }
}

fn gate(lab: &Lab) -> (Arc<Gate>, Arc<Echo>, Arc<Eye>) {
    let (echo, eye) = (Arc::<Echo>::default(), Arc::<Eye>::default());
    let outside = Outside { upstream: Some(Arc::clone(&echo) as _), watch: Some(Arc::clone(&eye) as _) };
    let gate = Arc::into_inner(lab.gate()).unwrap().with_outside(outside);
    (Arc::new(gate), echo, eye)
}

#[tokio::test]
async fn what_stands_in_for_the_network_is_behind_the_policy() {
    let mut lab = Lab::new().declare(named("a.example"), &[SecretPlace::Header("x-key".to_owned())]);
    lab.secret = "only-on-the-wire".to_owned();
    let (gate, echo, eye) = gate(&lab);
    let call = gate.call(Effect::Investigate, &[]);
    let key = placeholder(&call);

    let response = call.send(with_header(get("https://a.example/x"), "x-key", &key)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&response.body), "[secret:key]", "what comes back is scrubbed");
    assert_eq!(echo.0.lock().unwrap()[..], [r#"GET https://a.example/x Some("only-on-the-wire")"#]);
    assert_eq!(eye.seen(), [r#"GET https://a.example/x [("x-key", "[secret:key]")]  -> [secret:key]"#]);

    for (request, error) in [
        (get("https://undeclared.example/"), "is not among the connector's capabilities"),
        (request("POST", "https://a.example/"), "an action that only reads may not send"),
        (
            get(&format!("https://a.example/?k={key}")),
            "the secret `key` may not stand in the query parameter k",
        ),
        (get("https://a.example/away"), "redirects elsewhere"),
        (get("https://a.example/huge"), "has more than"),
        (get("https://a.example/slow"), "too slow"),
    ] {
        let refused = call.send(request).await.unwrap_err().to_string();
        assert!(refused.contains(error), "{refused}");
        let seen = eye.seen().pop().unwrap();
        assert!(seen.ends_with(&format!("-> {refused}")) && !seen.contains(&key), "{seen}");
    }
    let asked = echo.0.lock().unwrap().len();
    assert_eq!(asked, 4, "what is denied is not asked");
}

#[tokio::test]
async fn a_stream_to_what_stands_in_is_watched() {
    let mut lab = Lab::new();
    lab.manifest.capabilities.tcp.push(TcpCapability {
        host: named("s.example"),
        ports: vec![25],
        reason: String::new(),
    });
    let (gate, _, eye) = gate(&lab);
    let call = gate.call(Effect::Generic, &[]);
    assert!(matches!(call.connect("other.example", 25).await, Err(TcpError::Denied(_))));
    let mut stream = call.connect("s.example", 25).await.unwrap();
    stream.start_tls().await.unwrap();
    stream.write(format!("a {SECRET} b").as_bytes()).await.unwrap();
    stream.read(1).await.unwrap();
    let mut other = call.connect("s.example", 25).await.unwrap();
    other.read(1).await.unwrap_err();
    let seen = eye.seen();
    assert!(
        seen[0].starts_with(r#"0 Opened { host: "other.example", port: 25, error: Some(Denied("#),
        "{seen:?}"
    );
    assert_eq!(seen[1], r#"1 Opened { host: "s.example", port: 25, error: None }"#);
    assert_eq!(seen[2], "1 Secured");
    assert_eq!(seen[3], format!("1 Sent({:?})", b"a [secret:key] b"));
    assert_eq!(seen[4], format!("1 Received({:?})", b"a"));
    assert_eq!(seen[6], r#"2 Broke(Unreachable("it breaks"))"#);
}
