"""Read images from one LMDB file by the paths that data sets give them."""

import errno
import os
import os.path as osp

from mmengine.fileio import LmdbBackend, register_backend

__all__ = ['PACKED', 'PackedImages']

BACKEND = 'mmspg_lmdb'
PACKED = 'images.lmdb'  # where pack_lmdb.py puts it, below the data root


@register_backend(BACKEND, force=True)
class PackedImages(LmdbBackend):
    """MMEngine's LMDB backend, whose keys are paths below the data root.

    MMEngine's backend takes the whole ``img_path`` for the key. That ties a
    database to one machine, needs ASCII, and gives None for a missing key.
    ``tools/dataset_converters/pack_lmdb.py`` writes the database.

    Args:
        db_path (str, optional): The database. Defaults to
            ``<data_root>/images.lmdb``.
        data_root (str, optional): The folder that keys are relative to.
            Defaults to the folder that holds the database.
        **kwargs: Settings of MMEngine's ``LmdbBackend``.

    Raises:
        ImportError: lmdb is not installed; ``mmspg[lmdb]`` brings it.
        ValueError: Neither argument is given.

    Examples:
        >>> dict(type='mmspg.LoadLocImage', backend_args=dict(
        ...     backend='mmspg_lmdb', data_root='data/CUB_200_2011'))
    """

    _client = None  # MMEngine's __del__ reads it even if __init__ fails

    def __init__(
        self,
        db_path: str | None = None,
        data_root: str | None = None,
        **kwargs,
    ):
        if not db_path:
            if not data_root:
                raise ValueError(
                    f"backend_args=dict(backend='{BACKEND}', ...) needs "
                    'data_root=DIR, the data root, or db_path=FILE, the '
                    'database in it.'
                )
            db_path = osp.join(data_root, PACKED)
        super().__init__(osp.normpath(osp.expanduser(db_path)), **kwargs)
        self.data_root = osp.expanduser(data_root or osp.dirname(self.db_path))

    def get(self, filepath: str | os.PathLike) -> bytes:
        """Read an image.

        Args:
            filepath (str): The ``img_path``, below the data root.

        Returns:
            bytes: The bytes of the image file.

        Raises:
            FileNotFoundError: The image is not in the database.
            OSError: The database is missing, broken or cut short.
        """
        key = osp.relpath(filepath, self.data_root or '.')
        key = key.replace(os.sep, '/')
        if self._client is None:
            self._client = self._get_client()
        import lmdb

        try:
            with self._client.begin() as transaction:
                content = transaction.get(os.fsencode(key))
        except lmdb.BadValsizeError:  # a name longer than any key
            content = None
        except lmdb.Error as error:
            raise OSError(
                errno.EIO,
                f'the database {self.db_path} has a broken page ({error}). '
                'Copy it again',
                str(filepath),
            ) from error
        if content is None:
            raise FileNotFoundError(
                errno.ENOENT,
                f"the database {self.db_path} has no key '{key}' (paths "
                f"below '{self.data_root}'). Pack it again with "
                'tools/dataset_converters/pack_lmdb.py, or correct data_root',
                str(filepath),
            )
        return content

    def _get_client(self):
        import lmdb

        try:
            client = super()._get_client()
        except lmdb.Error as error:
            raise OSError(
                errno.EIO,
                f'the database {self.db_path} cannot be opened ({error}). '
                'Write it with tools/dataset_converters/pack_lmdb.py',
            ) from error
        # LMDB maps the file, so a page behind its end would kill the process.
        pages = client.info()['last_pgno'] + 1
        expected = pages * client.stat()['psize']
        file = osp.join(self.db_path, 'data.mdb')
        if osp.getsize(file) < expected:
            client.close()
            raise OSError(
                errno.EIO,
                f'the database {self.db_path} is cut short: '
                f'{osp.getsize(file)} of {expected} bytes. Copy it again',
            )
        return client
