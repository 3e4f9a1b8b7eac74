//! What an alert may be. Sources are trusted to send alerts, not to send sane ones: the data come from attackers.

use palisade_model::{
    alert::NewAlert,
    limits::{ALERT_ARTIFACTS, ALERT_FIELDS, ALERT_JSON_DEPTH, ALERT_TEXT_BYTES, NOTE_BYTES},
};
use serde_json::Value;

use crate::problem::Problem;

/// Bounds depth and number of fields before anything is made of them.
pub(crate) fn check_json(value: &Value) -> Result<(), Problem> {
    let mut fields = 0;
    walk(value, ALERT_JSON_DEPTH, &mut fields, &mut String::new())
}

fn walk(value: &Value, depth: usize, fields: &mut usize, pointer: &mut String) -> Result<(), Problem> {
    let inner = |depth: usize, pointer: &str| {
        depth.checked_sub(1).ok_or_else(|| {
            Problem::invalid(pointer, format!("it is nested deeper than {ALERT_JSON_DEPTH} levels"))
        })
    };
    let mut visit = |key: &str, value: &Value, pointer: &mut String| {
        *fields += 1;
        if *fields > ALERT_FIELDS {
            return Err(Problem::invalid(
                pointer.as_str(),
                format!("there are more than {ALERT_FIELDS} fields"),
            ));
        }
        let length = pointer.len();
        pointer.push('/');
        // RFC 6901, section 3.
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let depth = inner(depth, pointer)?;
        walk(value, depth, fields, pointer)?;
        pointer.truncate(length);
        Ok(())
    };
    match value {
        Value::Object(object) => object.iter().try_for_each(|(key, value)| visit(key, value, pointer)),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, value)| visit(&index.to_string(), value, pointer))
        }
        _ => Ok(()),
    }
}

/// Bounds the texts that people read and the store indexes.
pub(crate) fn check_alert(alert: &NewAlert) -> Result<(), Problem> {
    text("/id", &alert.source_id)?;
    text("/name", &alert.name)?;
    text("/label", &alert.label)?;
    if let Some(link) = &alert.link {
        text("/link", link)?;
        if !link.starts_with("https://") && !link.starts_with("http://") {
            return Err(Problem::invalid("/link", "a link starts with https:// or http://"));
        }
    }
    if alert.description.len() > NOTE_BYTES {
        return Err(Problem::invalid("/description", format!("it is longer than {NOTE_BYTES} bytes")));
    }
    if alert.artifacts.len() > ALERT_ARTIFACTS {
        return Err(Problem::invalid("/artifacts", format!("there are more than {ALERT_ARTIFACTS}")));
    }
    alert.artifacts.iter().enumerate().try_for_each(|(index, artifact)| {
        text(&format!("/artifacts/{index}/name"), &artifact.name)?;
        text(&format!("/artifacts/{index}/label"), &artifact.label)
    })
}

fn text(pointer: &str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::invalid(pointer, "it must not be empty"));
    }
    if text.len() > ALERT_TEXT_BYTES {
        return Err(Problem::invalid(pointer, format!("it is longer than {ALERT_TEXT_BYTES} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::invalid(pointer, "it has control characters"));
    }
    Ok(())
}
