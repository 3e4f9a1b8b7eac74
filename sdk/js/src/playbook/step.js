import * as host from "#host/playbook";
import { Failure, fromWire, payloadOf } from "../failure.js";

/** Something that the run has started and can wait for. */
class Step {
  constructor(id) {
    this.id = id;
  }

  wait() {
    try {
      const { status, message, summary, data } = host.steps.wait(this.id);
      return { status, message, summary: JSON.parse(summary), data: JSON.parse(data) };
    } catch (error) {
      throw fromWire(payloadOf(error));
    }
  }
}

/** An action that runs, or has ended. */
export class Started extends Step {}

/** A prompt that waits for its answer, or has it. */
export class Asked extends Step {
  wait() {
    const { answer, by } = super.wait().data;
    return { value: answer, by };
  }
}

/** Another playbook on the same alert, in a run of its own. */
export class Child extends Step {
  wait() {
    const { status, message, data } = super.wait();
    if (!Number.isInteger(data.run)) throw Failure.upstream("the host did not say which run it was");
    return { status, message, run: data.run };
  }
}
