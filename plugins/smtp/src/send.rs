//! `send email`.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration,
    address::{Address, recipients},
    message::{self, Message},
    session::Session,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SendEmail {
    /// Address that it is from; the asset's sender without it.
    from: Option<String>,
    /// Addresses that it goes to, separated by commas.
    to: String,
    /// Addresses that get a copy.
    #[serde(default)]
    cc: String,
    /// Addresses that get a copy and are not named in it.
    #[serde(default)]
    bcc: String,
    /// What it is about, in one line.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    subject: String,
    /// The text.
    #[schemars(length(max = 5_000_000))]
    body: String,
    /// What the text is.
    #[serde(default)]
    format: Format,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Html,
}

/// An email that the server took.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Sent {
    /// Its Message-ID.
    message_id: String,
    /// Whom the server takes it to.
    recipients: Vec<String>,
    /// The server's own words; often the name of the message in its queue.
    reply: String,
}

pub(crate) fn send(
    call: &Call<Configuration>,
    SendEmail { from, to, cc, bcc, subject, body, format }: SendEmail,
) -> Result<Done<Sent>, Failure> {
    let from = Address::parse(from.as_deref().unwrap_or(&call.configuration.sender))?;
    let (to, cc, bcc) = (Address::list(&to)?, Address::list(&cc)?, Address::list(&bcc)?);
    let recipients = recipients([&to, &cc, &bcc])?;
    let message_id = message::id(&call.idempotency_key, &from);
    let message = Message {
        from: &from,
        to: &to,
        cc: &cc,
        subject: &subject,
        content_type: match format {
            Format::Text => "text/plain",
            Format::Html => "text/html",
        },
        body: &body,
        id: &message_id,
    };
    let message = message.compose();

    let mut session = Session::open(call)?;
    let reply = session.deliver(&from, &recipients, &message)?.words();
    session.quit();

    let count = recipients.len();
    let recipients = recipients.iter().map(Address::to_string).collect();
    let sent = Sent { message_id: message_id.clone(), recipients, reply };
    Ok(Done::success(format!("The mail server took the email for {count} recipients."), sent)
        .fact("message_id", message_id)
        .fact("recipients", count))
}
