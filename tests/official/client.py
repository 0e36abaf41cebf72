"""What Box's own client does against the loopback Box. Each part asserts, and says done at its end."""

import hashlib
import io
import sys

import box_sdk_gen as box


def signed_in(client_id, secret, access, refresh=None):
    auth = box.BoxOAuth(box.OAuthConfig(client_id=client_id, client_secret=secret))
    auth.token_storage.store(box.AccessToken(access_token=access, refresh_token=refresh))
    return box.BoxClient(auth=auth)


def names(client, folder="0"):
    return [entry.name for entry in client.folders.get_folder_items(folder).entries]


def person(client_id, secret, access, refresh):
    client = signed_in(client_id, secret, access, refresh)
    me = client.users.get_user_me()
    assert me.login == "person@example.com" and me.space_amount == 10 << 30, me
    renewed = client.auth.refresh_token()
    assert renewed.refresh_token != refresh and renewed.access_token != access
    assert client.users.get_user_me().id == me.id
    assert names(client) == ["Backups", "Documents", "Photos"]

    parent = box.UploadFileAttributesParentField
    attributes = box.UploadFileAttributes(name="a.txt", parent=parent(id="0"))
    file = client.uploads.upload_file(attributes, io.BytesIO(b"one")).entries[0]
    assert file.size == 3 and file.sha_1 == hashlib.sha1(b"one").hexdigest(), file
    assert client.downloads.download_file(file.id).read() == b"one"
    version = box.UploadFileVersionAttributes(name="a.txt")
    client.uploads.upload_file_version(file.id, version, io.BytesIO(b"two, longer"))
    assert client.downloads.download_file(file.id).read() == b"two, longer"
    try:
        client.uploads.upload_file(attributes, io.BytesIO(b"again"))
        raise AssertionError("a second file of that name")
    except box.BoxAPIError as error:
        assert error.response_info.code == "item_name_in_use", error
    try:
        client.files.update_file_by_id(file.id, name="b.txt", if_match="99")
        raise AssertionError("an etag of nobody's")
    except box.BoxAPIError as error:
        assert error.response_info.status_code == 412, error

    client.files.delete_file_by_id(file.id)
    trash = client.trashed_items.get_trashed_items()
    assert [(entry.id, entry.item_status) for entry in trash.entries] == [(file.id, "trashed")], trash
    assert client.trashed_files.get_trashed_file_by_id(file.id).trashed_at
    client.trashed_files.restore_file_from_trash(file.id)
    assert "a.txt" in names(client)
    client.files.delete_file_by_id(file.id)
    client.trashed_files.delete_trashed_file_by_id(file.id)

    folder = client.folders.create_folder("Old", box.CreateFolderParent(id="0"))
    client.folders.create_folder("Inner", box.CreateFolderParent(id=folder.id))
    client.folders.delete_folder_by_id(folder.id, recursive=True)
    client.trashed_folders.restore_folder_from_trash(folder.id)
    client.folders.delete_folder_by_id(folder.id, recursive=True)
    client.trashed_folders.delete_trashed_folder_by_id(folder.id)
    assert client.trashed_items.get_trashed_items().total_count == 0
    assert names(client) == ["Backups", "Documents", "Photos"]


def large(client_id, secret, access):
    client = signed_in(client_id, secret, access)
    content = (bytes(range(251)) * 80_000)[:20_000_001]
    file = client.chunked_uploads.upload_big_file(io.BytesIO(content), "large", len(content), "0")
    assert file.sha_1 == hashlib.sha1(content).hexdigest(), file
    assert client.downloads.download_file(file.id).read() == content
    session = client.chunked_uploads.create_file_upload_session("0", len(content), "another")
    assert session.total_parts == 3 and session.num_parts_processed == 0, session
    assert client.chunked_uploads.get_file_upload_session_parts(session.id).total_count == 0
    client.chunked_uploads.delete_file_upload_session_by_id(session.id)
    try:
        client.chunked_uploads.get_file_upload_session_by_id(session.id)
        raise AssertionError("a session that was given up")
    except box.BoxAPIError as error:
        assert error.response_info.status_code == 404, error


def jwt(file, algorithm, service, user):
    config = box.JWTConfig.from_config_file(file)
    config.algorithm = box.JwtAlgorithm(algorithm)
    auth = box.BoxJWTAuth(config)
    assert box.BoxClient(auth=auth).users.get_user_me().id == service
    assert names(box.BoxClient(auth=auth)) == []
    person = box.BoxClient(auth=auth.with_user_subject(user))
    assert person.users.get_user_me().id == user


def credentials(client_id, secret, enterprise, user, service):
    config = box.CCGConfig(client_id=client_id, client_secret=secret, enterprise_id=enterprise)
    auth = box.BoxCCGAuth(config)
    assert box.BoxClient(auth=auth).users.get_user_me().id == service
    assert box.BoxClient(auth=auth.with_user_subject(user)).users.get_user_me().id == user


PARTS = {"person": person, "large": large, "jwt": jwt, "credentials": credentials}
PARTS[sys.argv[1]](*sys.argv[2:])
print("done")
