#include <chrono>

#include <fmt/format.h>

#include "app/commands/cli.h"
#include "app/commands/demo.h"
#include "app/commands/local_stack.h"
#include "app/commands/scratch_dir.h"
#include "app/commands/signals.h"
#include "app/smoke/smoke.h"

namespace turnpike {
int command_up(const UpOptions& options) {
    block_signals();
    auto stack = LocalStack::start(options);
    if (!stack) return complain(stack.error());
    const auto demo = prepare_demo(**stack);
    if (!demo) return complain(demo.error());
    print_welcome(**stack, *demo);
    wait_for_end([&] { (*stack)->app().reopen_logs(); });
    fmt::print("\nturnpike: finishing requests in flight\n");
    (*stack)->stop();
    return 0;
}

int command_smoke(const UpOptions& options) {
    block_signals();
    const ScratchDir scratch;
    UpOptions own = options;
    if (own.data.empty()) own.data = scratch.path();
    const auto began = std::chrono::steady_clock::now();
    auto stack = LocalStack::start(own);
    if (!stack) return complain(stack.error());
    const bool right = run_smoke(
        {(*stack)->server_url(), (*stack)->token("smoke", Role::Admin), (*stack)->jwt_secret()});
    (*stack)->stop();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    fmt::print("{} in {} ms\n", right ? "all right" : "FAILED", took.count());
    return right ? 0 : 1;
}

}  // namespace turnpike
