# cmake --install puts the program, its pages and its documents below the prefix, and
# nothing else anywhere. cpack makes a Debian package of them with a configuration, the
# units of systemd and a user of its own.
include(GNUInstallDirs)

install(TARGETS postern)
install(DIRECTORY ${CMAKE_BINARY_DIR}/www ${CMAKE_BINARY_DIR}/console
	DESTINATION ${CMAKE_INSTALL_DATADIR}/postern)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY www/docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The manual page and bash's completions say what the program goes by: it writes them.
set(manual ${CMAKE_BINARY_DIR}/postern.1.gz)
set(completions ${CMAKE_BINARY_DIR}/completions/postern)
add_custom_command(OUTPUT ${manual} ${completions}
	COMMAND sh -c "$<TARGET_FILE:postern> man | gzip -9n >${manual}"
	COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/completions
	COMMAND sh -c "$<TARGET_FILE:postern> completion >${completions}"
	DEPENDS postern VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual} ${completions})
install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${completions} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

install(FILES docker/deb/postern.json DESTINATION /etc/postern
	PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ
	COMPONENT service EXCLUDE_FROM_ALL)
install(FILES docker/postern.service docker/postern.socket
	DESTINATION /lib/systemd/system
	COMPONENT service EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Postern authors <postern@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "STOMP for every browser, over WebSocket and SockJS")
set(CPACK_PACKAGE_DESCRIPTION "Postern is a gateway and message broker: pages speak STOMP to it by\
 sockjs-client and stomp.js, over WebSocket or whatever the network between them lets through.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_CMAKE_PROJECTS
	"${CMAKE_BINARY_DIR};postern;Unspecified;/"
	"${CMAKE_BINARY_DIR};postern;service;/")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "passwd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
	${CMAKE_SOURCE_DIR}/docker/deb/conffiles
	${CMAKE_SOURCE_DIR}/docker/deb/postinst
	${CMAKE_SOURCE_DIR}/docker/deb/prerm
	${CMAKE_SOURCE_DIR}/docker/deb/postrm)
include(CPack)
