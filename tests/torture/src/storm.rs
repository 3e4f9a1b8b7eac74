use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    Actuator, Case, Load, Mishaps, Person, Random, Site, Tally, judge, program::program, quiet::until_quiet,
};

/// Threads that send alerts.
const SENDERS: usize = 4;

/// The longest life of a host, from the moment when it listens.
const LIFE: Duration = Duration::from_millis(1_500);

/// Of a hundred hosts, those that are killed while they start.
const YOUNG: u64 = 20;

/// The longest life of those.
const START: Duration = Duration::from_millis(600);

/// Time between two looks whether the moment has come.
const INSTANT: Duration = Duration::from_millis(1);

/// A round of kills at random moments, under load.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Decides on programs, mishaps and moments. What a moment hits depends on the machine all the same.
    pub seed: u64,
    /// Hosts killed.
    pub kills: usize,
    /// Alerts sent, spread over the lives of the hosts.
    pub alerts: usize,
}

impl Storm {
    /// Runs it, and judges when everything is quiet. `progress` is told about each kill.
    ///
    /// # Panics
    ///
    /// If a host does not start, or stops to answer without having been killed.
    pub fn run(self, mut progress: impl FnMut(&Progress)) -> Tally {
        let site = Site::new(Mishaps::some(self.seed));
        let cases = (1..=self.alerts).map(|number| {
            let id = format!("a{number}");
            Case { program: program(self.seed, &id), id, alert: None }
        });
        let load = Load::new(cases.collect());
        let mut random = Random::of(self.seed, "moments");
        let mut person = Person::default();
        thread::scope(|scope| {
            let _ending = load.ends_when_dropped();
            for _ in 0..SENDERS {
                scope.spawn(|| load.send());
            }
            for kill in 1..=self.kills {
                self.one_life(kill, &site, &load, &mut random, &mut person);
                let acknowledged = load.acknowledged();
                progress(&Progress { kills: kill, acknowledged, in_doubt: person.doubts() });
            }
            let mut host = site.spawn();
            let api = host.api();
            load.open(api.clone(), self.alerts);
            let api = api.unwrap_or_else(|| panic!("the host does not start:\n{}", site.end_of_log()));
            until_quiet(&api, &load, &site.actuator, &mut person, || false);
            judge(&api, &load.cases(), &site.actuator, &person)
        })
    }

    /// Starts a host, lets it work for a while, and kills it. The moment is the point, so here time decides.
    fn one_life(&self, kill: usize, site: &Site, load: &Load, random: &mut Random, person: &mut Person) {
        let allowed = self.alerts * kill / self.kills;
        let mut host = site.spawn();
        if random.percent(YOUNG) {
            thread::sleep(random.part_of(START));
        } else {
            let api = host.api().unwrap_or_else(|| panic!("the host does not start:\n{}", site.end_of_log()));
            let moment = Moment::of(random, load, &site.actuator);
            let end = Instant::now() + random.part_of(LIFE);
            load.open(Some(api.clone()), allowed);
            while Instant::now() < end && !moment.has_come(load, &site.actuator) {
                if matches!(moment, Moment::Time) {
                    person.attend(&api, &site.actuator);
                }
                thread::sleep(INSTANT);
            }
        }
        host.kill();
        person.a_host_was_killed();
        load.open(None, allowed);
        site.actuator.drain();
    }
}

/// When a host is killed, if its time is not up before.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When its time is up.
    Time,
    /// As soon as so many alerts are acknowledged: what was promised must be kept.
    Acknowledged(usize),
    /// As soon as so many requests have arrived: nobody hears of the last one's effect.
    Arrived(usize),
}

impl Moment {
    fn of(random: &mut Random, load: &Load, actuator: &Actuator) -> Self {
        match random.below(3) {
            0 => Self::Time,
            1 => Self::Acknowledged(load.acknowledged() + 1 + random.below(8) as usize),
            _ => Self::Arrived(actuator.arrived() + 1 + random.below(24) as usize),
        }
    }

    fn has_come(self, load: &Load, actuator: &Actuator) -> bool {
        match self {
            Self::Time => false,
            Self::Acknowledged(count) => load.acknowledged() >= count,
            Self::Arrived(count) => actuator.arrived() >= count,
        }
    }
}

/// How far a round is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Hosts killed.
    pub kills: usize,
    /// Alerts acknowledged.
    pub acknowledged: usize,
    /// Doubts that a person decided on.
    pub in_doubt: usize,
}
