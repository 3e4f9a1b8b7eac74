//! Doubt: a call was sent, and nobody heard its end. An action that can find out what became of it spares a person the
//! question.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Verdict},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

fn connector() -> Connector<Configuration> {
    Connector::new("example-verify", env!("CARGO_PKG_VERSION"))
        .about("Writes comments.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Wiki")
        .http(HttpAccess::to_configured("url").methods(["GET", "POST"]).because("It has the comments."))
        // Repeating it would write a second comment, but comments can be looked through.
        .action(
            Action::generic("add comment", add_comment).about("Writes a comment.").verified_by(find_comment),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the wiki.
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Comment {
    /// What it says.
    text: String,
}

/// A comment carries the key of the step that wrote it, the same in every attempt and in no other step.
fn marked(call: &Call<Configuration>, text: &str) -> String {
    format!("{text} ({})", call.idempotency_key)
}

fn added() -> Done<()> {
    Done::success("The comment is written.", ())
}

fn add_comment(call: &Call<Configuration>, Comment { text }: Comment) -> Result<Done<()>, Failure> {
    let text = marked(call, &text);
    call.http().post(&call.configuration.url).path("comments").body("text/plain", text).send()?.ok()?;
    Ok(added())
}

/// Takes what the call took, and may only read.
fn find_comment(call: &Call<Configuration>, Comment { text }: Comment) -> Result<Verdict<()>, Failure> {
    let comments: Vec<String> =
        call.http().get(&call.configuration.url).path("comments").send()?.ok()?.json()?;
    Ok(match comments.contains(&marked(call, &text)) {
        true => Verdict::Happened(added()),
        false => Verdict::DidNotHappen,
    })
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{self, ConnectorTest, Exchange};
    use serde_json::json;

    use super::*;

    const URL: &str = "https://wiki.example.com/comments";

    fn test(exchange: Exchange) -> ConnectorTest<Configuration> {
        ConnectorTest::new(connector)
            .configuration(json!({ "url": "https://wiki.example.com" }))
            .http(exchange)
    }

    #[test]
    fn a_comment_is_found_again_by_its_key() {
        let comment = json!({ "text": "Blocked." });
        let written = Exchange::post(URL).body("Blocked. (test-key)");
        test(written).invoke("add comment", comment.clone()).report();

        let all = |comments| Exchange::get(URL).answer_json(200, comments);
        let verified =
            test(all(json!(["Hello", "Blocked. (test-key)"]))).verify("add comment", comment.clone());
        assert_eq!(verified.report().message, "The comment is written.");
        let verified = test(all(json!(["Blocked. (another)"]))).verify("add comment", comment);
        assert_eq!(verified.verdict, Ok(testing::Verdict::DidNotHappen));
    }
}
