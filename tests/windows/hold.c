/* Has a file open as most programs do: others may read and write it, and not replace it. Until its input ends. */
#include <stdio.h>
#include <windows.h>
int main(int count, char **words) {
    HANDLE file = count < 2 ? INVALID_HANDLE_VALUE
        : CreateFileA(words[1], GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, 0, OPEN_EXISTING, 0, 0);
    if (file == INVALID_HANDLE_VALUE) return 1;
    putchar('.');
    fflush(stdout);
    getchar();
    return 0;
}
