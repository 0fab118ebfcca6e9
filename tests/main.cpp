// main.cpp: the main function of every test program.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>

int main(int argc, char** argv) {
    // The programs under test crash on purpose; nobody wants their core files.
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    // A child that has gone is an error to check, not the end of the test.
    std::signal(SIGPIPE, SIG_IGN);
    return doctest::Context(argc, argv).run();
}
