"""Do the runs that a table lacks; several processes can share the work."""

import fcntl
import re
import time


def work_off(jobs, work, table, folder, minutes=float('inf')):
    """Do each run that is neither in the table nor another process's.

    A run that fails is reported, and the next begins.

    Args:
        jobs (Iterable[dict]): The runs, by the columns of the table's key.
        work (Callable): Called with a job, its folder and its lock (an open
            file); returns the rows (list[dict]) to append.
        table (Table): The results.
        folder (Path): Work folder; each run gets a folder in it.
        minutes (float): Begin no run after so many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    for job in jobs:
        if time.monotonic() - begin > 60 * minutes:
            print('The time is over; call again to go on.')
            return
        own = folder / slug(*table.key_of(job))
        with own.with_name(f'{own.name}.lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if table.has(job):  # asked under the lock: no run is done twice
                continue
            try:
                rows = work(job, own, lock)
            except (RuntimeError, FloatingPointError) as error:
                print(f'{own.name} failed: {error}', flush=True)
                continue
            table.append(rows)
            for row in rows:
                hidden = ('hits', 'versions')
                shown = {k: v for k, v in row.items() if k not in hidden}
                print(shown, flush=True)


def slug(*words):
    """A run's name as that of a folder."""
    name = '_'.join(str(word) for word in words if word != '')
    return re.sub(r'[ /]', '-', name.replace(',', ''))
