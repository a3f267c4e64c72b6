/* SPDX-License-Identifier: MIT */
/* A program that holds CPython 3.8 or later and is called otherwise.

     embedding main|thread|leader|again|bundle LIBRARY SCRIPT ARGUMENTS…
     embedding two LIBRARY HOME LIBRARY HOME CODE

   LIBRARY is a libpython. Compiled with -DLINKED the program was linked with one (statically, say), and LIBRARY is a word that
   is not looked at. main: the script runs in the main thread. thread: in another one, while the main thread waits. leader: the
   main thread ends, and leaves the process a zombie as its leader. again: an interpreter is initialised and finalised before.
   bundle: as programs that unpack themselves do, a parent without Python copies the library into a folder of its own and starts
   itself; the child loads the copy, and deletes it. two: both interpreters run CODE, each in a thread. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int count;
static char **words; /* the interpreter's own argv */
static int (*run)(int, char **);
static void (*initialise)(int);
static int (*finalise)(void);

static void fail(const char *what) {
    fprintf(stderr, "embedding: %s\n", what);
    exit(1);
}

#ifdef LINKED
int Py_BytesMain(int, char **);
void Py_InitializeEx(int);
int Py_FinalizeEx(void);
static void load(const char *library) {
    (void)library;
    run = Py_BytesMain;
    initialise = Py_InitializeEx;
    finalise = Py_FinalizeEx;
}
#else
static void load(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL); /* extension modules look for names in all of the process */
    if (handle == NULL) fail(dlerror());
    *(void **)&run = dlsym(handle, "Py_BytesMain");
    *(void **)&initialise = dlsym(handle, "Py_InitializeEx");
    *(void **)&finalise = dlsym(handle, "Py_FinalizeEx");
    if (run == NULL || initialise == NULL || finalise == NULL) fail("no Py_BytesMain in the library");
}
#endif

static void *run_in_thread(void *unused) {
    (void)unused;
    exit(run(count, words));
}

static void start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0) fail("no thread");
}

static int copy_file(const char *from, const char *to) {
    static char buffer[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t got = 0;
    if (in == NULL || out == NULL) return -1;
    while ((got = fread(buffer, 1, sizeof buffer, in)) > 0)
        if (fwrite(buffer, 1, got, out) != got) return -1;
    fclose(in);
    return fclose(out);
}

static int unpack_and_start(char **argv) {
    char folder[] = "/tmp/bundle-XXXXXX", file[64];
    int status = 0;
    if (mkdtemp(folder) == NULL) fail("no folder");
    snprintf(file, sizeof file, "%s/payload.bin", folder);
    if (copy_file(argv[2], file) != 0) fail("cannot unpack");
    if (fork() == 0) {
        setenv("UNPACKED", file, 1);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    wait(&status);
    unlink(file);
    rmdir(folder);
    return WEXITSTATUS(status);
}

#ifndef LINKED
struct side {
    void *handle;
    const char *code;
};

static void *run_code(void *argument) {
    struct side *side = argument;
    int (*ensure)(void);
    int (*simple)(const char *, void *);
    *(void **)&ensure = dlsym(side->handle, "PyGILState_Ensure");
    *(void **)&simple = dlsym(side->handle, "PyRun_SimpleStringFlags");
    ensure();
    simple(side->code, NULL);
    return NULL;
}

static void run_two(char **argv) {
    static struct side sides[2];
    for (int i = 0; i < 2; ++i) {
        void (*begin)(int);
        void *(*release)(void);
        sides[i].handle = dlopen(argv[2 + 2 * i], RTLD_NOW | RTLD_LOCAL);
        if (sides[i].handle == NULL) fail(dlerror());
        sides[i].code = argv[6];
        *(void **)&begin = dlsym(sides[i].handle, "Py_InitializeEx");
        *(void **)&release = dlsym(sides[i].handle, "PyEval_SaveThread");
        setenv("PYTHONHOME", argv[3 + 2 * i], 1);
        begin(0);
        release();
        start_thread(run_code, &sides[i]);
    }
    pause();
}
#endif

int main(int argc, char **argv) {
    if (argc < 4) fail("not enough words");
    const char *how = argv[1];
#ifndef LINKED
    if (argc == 7 && strcmp(how, "two") == 0) run_two(argv);
#endif
    const char *unpacked = getenv("UNPACKED");
    if (strcmp(how, "bundle") == 0 && unpacked == NULL) return unpack_and_start(argv);
    load(unpacked != NULL ? unpacked : argv[2]);
    if (unpacked != NULL) unlink(unpacked);
    if (strcmp(how, "again") == 0) {
        initialise(0);
        finalise();
    }
    count = argc - 2;
    words = argv + 2;
    if (strcmp(how, "thread") != 0 && strcmp(how, "leader") != 0) return run(count, words);
    start_thread(run_in_thread, NULL);
    if (strcmp(how, "leader") == 0) pthread_exit(NULL);
    pause();
    return 1;
}
