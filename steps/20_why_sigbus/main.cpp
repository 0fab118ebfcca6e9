// 20_why_sigbus: the cause of a bus error in any program.
//
// Run:     build/steps/20_why_sigbus COMMAND [ARG...]
//          build/steps/20_why_sigbus -p PID      a program that runs already
// Expect:  the command as it is without this, and if a process of it dies of SIGBUS a
//          report: which file, which byte, and why there was nothing.
// Next:    21_from_python: the same memory, from Python.
#include "20_why_sigbus/start.hpp"

namespace {

pid_t process_argument(const std::string& text) {
    const int process = int_argument(text);
    if (process < 1) throw usage_error{"PID is 1 or more"};
    return process;
}

}  // namespace

int main(int argc, char** argv) {
    const auto size_signal = ::signal(SIGXFSZ, SIG_DFL);
    const std::vector<char*> words(argv + 1, argv + argc + 1);  // and the null
    const auto watch = [&](const arguments& given) {
        if (given.empty()) throw usage_error{};
        if (given[0] == "-p") {
            if (argc != 3) throw usage_error{};
            const pid_t process = process_argument(words[1]);
            seize_all(process);
            tracer().watch(process);
            return;
        }
        const pid_t process = start_traced(words, size_signal);
        leave_signals_to(process);
        end_as(tracer().watch(process));
    };
    // Only the first word is ours: all others are the command's.
    return run_program("20_why_sigbus", "COMMAND [ARG...]\n-p PID", std::min(argc, 2),
                       argv, watch);
}
