//! `17.3`: a run and one of its steps, as the inbox names them.

use std::str::FromStr;

use palisade_model::run::{Position, RunId};

/// A run, and the step that is meant; without it, the only one that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) run: RunId,
    pub(crate) step: Option<Position>,
}

/// Why a text is not a [`Place`].
#[derive(Debug, thiserror::Error)]
#[error("write run and step as in 17.3, or the run alone if only one of its steps waits")]
pub(crate) struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let number = |text: &str| text.parse().map_err(|_| NotAPlace);
        match text.split_once('.') {
            Some((run, step)) => {
                let step = step.parse().map_err(|_| NotAPlace)?;
                Ok(Self { run: number(run)?, step: Some(step) })
            }
            None => Ok(Self { run: number(text)?, step: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_run_and_perhaps_a_step() {
        assert_eq!("17.3".parse::<Place>().unwrap(), Place { run: 17, step: Some(3) });
        assert_eq!("17".parse::<Place>().unwrap(), Place { run: 17, step: None });
        for bad in ["", "17.", ".3", "17.3.1", "-1", "17.4294967296", "x"] {
            assert!(bad.parse::<Place>().is_err(), "{bad} was taken");
        }
    }
}
