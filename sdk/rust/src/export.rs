//! The one macro line of a plugin crate.

/// Exports the connector that the function at this path builds.
///
/// The function is called once for each `describe`, `invoke` and `verify`; it has the form
/// `fn() -> Connector<Configuration>`. One plugin has one such line, see [`connector`](mod@crate::connector) for a whole one.
#[macro_export]
macro_rules! connector {
    ($build:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::connector as world;

            struct Exported;

            impl world::Guest for Exported {
                fn describe() -> world::Descriptor {
                    $crate::hand_panics_to_log();
                    $build().describe()
                }

                fn invoke(call: world::Invocation) -> Result<world::Outcome, $crate::Failure> {
                    $crate::hand_panics_to_log();
                    $build().invoke(&call)
                }

                fn verify(call: world::Invocation) -> Result<world::Verdict, $crate::Failure> {
                    $crate::hand_panics_to_log();
                    $build().verify(&call)
                }
            }

    world::export!(Exported with_types_in world);
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || _ = $build();
    };
}

/// Exports the playbook that the function at this path builds.
///
/// The function is called once for each `describe` and each `run`; it has the form `fn() -> Playbook`. One
/// plugin has one such line, see [`playbook`](mod@crate::playbook) for a whole one.
#[macro_export]
macro_rules! playbook {
    ($build:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::playbook as world;

            struct Exported;

            impl world::Guest for Exported {
                fn describe() -> world::Descriptor {
                    $crate::hand_panics_to_log();
                    $build().describe()
                }

                fn run() -> Result<String, String> {
                    $crate::hand_panics_to_log();
                    $build().handle()
                }
            }

    world::export!(Exported with_types_in world);
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || _ = $build();
    };
}

/// On wasm a panic message has nowhere to go by itself.
#[doc(hidden)]
pub fn hand_panics_to_log() {
    std::panic::set_hook(Box::new(|panic| crate::log::error(panic.to_string())));
}
