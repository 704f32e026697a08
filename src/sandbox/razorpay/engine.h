#pragma once

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// Does everything of the account that is due until its `until`: each step at its own time, in
/// order, however far the clock has jumped.
void run_engine(Context& ctx, Instant until);

}  // namespace turnpike::twin::razorpay
