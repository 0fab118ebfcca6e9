// mapping.exe: what the calls of Windows do where the steps use mmap and shm_open, for
// notes/other_systems.md. Each call prints what came of it, 0 or an error's number.
//
//     make NAME        a named mapping, Foo(42, 98); waits for a line; prints the foo
//     attach NAME      the same mapping, in another process; stores 31337
//     map FILE SIZE VIEW BYTE    a mapping of SIZE bytes (0: of the file's size), of
//                      which VIEW are seen; reads BYTE, stores 31337 at 0
//     create FILE      a file that must not exist
//     cut FILE         maps the file, and then makes it end at 0
#include <windows.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct foo {
    int bar, baz;
};

void told(const char* call, bool done) {
    std::printf("%s %lu\n", call, done ? 0 : GetLastError());
    std::fflush(stdout);
    if (!done) std::exit(1);
}

void print(const foo& f) {
    std::printf("Foo(%d, %d)\n", f.bar, f.baz);
    std::fflush(stdout);
}

LONG WINAPI touched_nothing(EXCEPTION_POINTERS* what) {
    std::printf("exception %lx\n", what->ExceptionRecord->ExceptionCode);
    std::fflush(stdout);
    ExitProcess(5);
}

HANDLE open_file(const char* path, DWORD how) {
    const HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE,
                                    FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, how,
                                    FILE_ATTRIBUTE_NORMAL, nullptr);
    told("CreateFile", file != INVALID_HANDLE_VALUE);
    return file;
}

volatile char* view_of(HANDLE mapping, SIZE_T size) {
    void* const view = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, size);
    told("MapViewOfFile", view != nullptr);
    return static_cast<volatile char*>(view);
}

HANDLE mapping_of(HANDLE file, DWORD size, const char* name) {
    SetLastError(0);
    const HANDLE mapping =
        CreateFileMappingA(file, nullptr, PAGE_READWRITE, 0, size, name);
    // ERROR_ALREADY_EXISTS comes with a mapping that is good.
    if (mapping != nullptr) std::printf("last error %lu\n", GetLastError());
    told("CreateFileMapping", mapping != nullptr);
    return mapping;
}

}  // namespace

int main(int argc, char** argv) {
    AddVectoredExceptionHandler(1, touched_nothing);
    const auto is = [&](const char* what, int words) {
        return argc == words && std::strcmp(argv[1], what) == 0;
    };
    if (is("make", 3)) {
        auto* const f = (foo*)view_of(
            mapping_of(INVALID_HANDLE_VALUE, sizeof(foo), argv[2]), sizeof(foo));
        *f = {42, 98};
        print(*f);
        std::getchar();
        print(*f);
    } else if (is("attach", 3)) {
        const HANDLE mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, argv[2]);
        told("OpenFileMapping", mapping != nullptr);
        auto* const f = (foo*)view_of(mapping, sizeof(foo));
        print(*f);
        f->bar = 31337;
    } else if (is("map", 6)) {
        const HANDLE file = open_file(argv[2], OPEN_EXISTING);
        const DWORD size = std::strtoul(argv[3], nullptr, 10);
        volatile char* const view = view_of(mapping_of(file, size, nullptr),
                                            std::strtoul(argv[4], nullptr, 10));
        std::printf("byte %d\n", view[std::strtoul(argv[5], nullptr, 10)]);
        ((foo*)view)->bar = 31337;
    } else if (is("create", 3)) {
        open_file(argv[2], CREATE_NEW);
    } else if (is("cut", 3)) {
        const HANDLE file = open_file(argv[2], OPEN_EXISTING);
        view_of(mapping_of(file, 0, nullptr), 0);
        told("SetEndOfFile", SetEndOfFile(file));
    } else {
        return 2;
    }
    return 0;
}
